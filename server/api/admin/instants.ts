import { RequestRefused } from '../request-failure.ts';

/** A time as documents have it: RFC 3339, UTC. */
export function instant(atMs: number): string {
  return new Date(atMs).toISOString();
}

/** The same where there may be none. */
export function instantOrNull(atMs: number | null): string | null {
  return atMs === null ? null : instant(atMs);
}

/**
 * Reads a time of a request, in Unix milliseconds; a leap second is the second after it.
 * @param where the key that names it
 */
export function readInstant(text: string, where: string): number {
  const atMs = Date.parse(text);
  if (!Number.isNaN(atMs)) return atMs;
  const afterLeapMs = Date.parse(text.replace(/:60(?=[.Z+-]|$)/i, ':59')) + 1000;
  if (!Number.isNaN(afterLeapMs)) return afterLeapMs;
  throw new RequestRefused('invalid_value', `${where} "${text}" is no time. Write e.g. 2027-01-31T12:00:00Z.`);
}

/** Reads a time that has to be still to come; null for none. */
export function readFutureInstant(text: string | null | undefined, where: string, nowMs: number): number | null {
  if (text === null || text === undefined) return null;
  const atMs = readInstant(text, where);
  if (atMs > nowMs) return atMs;
  throw new RequestRefused('invalid_value', `${where} ${text} is over. Write a time that is still to come.`);
}
