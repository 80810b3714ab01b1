import type { Value } from './connection.ts';

/** A number that may be missing. */
export function nullableNumber(value: Value | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}

/** A text that may be missing. */
export function nullableText(value: Value | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

/** A list of texts, kept as JSON. */
export function listOf(value: Value | undefined): readonly string[] {
  return JSON.parse(String(value)) as string[];
}
