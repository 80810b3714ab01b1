import { holdsSecret, type SchemaNode } from './schema.ts';

const maxShownCharacters = 80;
const hidden = '********';

/** A value in a message: text in quotes, cut where it is long; a secret is never shown. */
export function show(value: unknown, schema: SchemaNode): string {
  if (holdsSecret(schema)) return Array.isArray(value) ? `a list of ${value.length}` : hidden;
  const text = textOf(value);
  return text.length <= maxShownCharacters ? text : `${text.slice(0, maxShownCharacters - 3)}...`;
}

/** JSON; for values that a program gives and no file could, their type. */
function textOf(value: unknown): string {
  const asType = `a value of type ${typeof value}`;
  if (value === undefined || typeof value === 'function' || typeof value === 'symbol') return asType;
  try {
    return JSON.stringify(value);
  } catch {
    return asType;
  }
}

/** A value as it may be printed: what is secret in it is replaced by asterisks, all else stays. */
export function redacted(value: unknown, schema: SchemaNode): unknown {
  if (schema['x-secret'] === true) return hidden;
  if (Array.isArray(value)) return value.map((element: unknown) => redacted(element, schema.items ?? {}));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([name, member]: [string, unknown]) => [
    name,
    redacted(member, schema.properties?.[name] ?? {}),
  ]);
  return Object.fromEntries(members) as unknown;
}
