import { lastOf } from './flags.ts';
import type { ParsedFlags } from './parsed-flags.ts';
import { parseDurationS } from './quantity.ts';
import { UsageError } from './usage-error.ts';

/** Reads the text of a flag; the second parameter names the flag for messages. */
type Read<Value> = (text: string, what: string) => Value;

/** The value of a flag; undefined when it is not given. */
export function valueOf<Value>(flags: ParsedFlags, name: string, read: Read<Value>): Value | undefined {
  const text = lastOf(flags, name);
  return text === undefined ? undefined : read(text, `--${name}`);
}

/** Reads `none` as null, and everything else as `read` does. */
export function orNull<Value>(read: Read<Value>): Read<Value | null> {
  return (text, what) => (text === 'none' ? null : read(text, what));
}

/** All texts of a flag that may be repeated or take commas; undefined when it is not given, none of them for `none`. */
export function listOf(flags: ParsedFlags, name: string): readonly string[] | undefined {
  const texts = flags.get(name);
  if (texts === undefined) return undefined;
  return texts.flatMap((text) => (text === 'none' ? [] : text.split(',').map((part) => part.trim())));
}

/**
 * Reads a moment: a time span from now (`24h`), or a date with a time (`2027-01-31T12:00:00Z`).
 * @returns RFC 3339, UTC
 */
export function readMoment(text: string, what: string): string {
  if (/^\d+[a-z]$/.test(text)) return momentIn(parseDurationS(text, what));
  const atMs = /^\d{4}-\d{2}-\d{2}T/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(atMs)) return new Date(atMs).toISOString();
  throw new UsageError(`${what} "${text}" is no time. Write 24h for a day from now, or 2027-01-31T12:00:00Z.`);
}

/** The moment in so many seconds, RFC 3339, UTC. */
export function momentIn(seconds: number): string {
  return new Date(Date.now() + seconds * 1000).toISOString();
}

/** The members that are defined: what is omitted is left as it is. */
export function given<Members extends object>(members: Members): Partial<Members> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Partial<Members>;
}
