import type { ConfigErrorCode } from '../contract/error-codes.ts';
import { nearest } from './nearest.ts';
import { propertyOf, type SchemaNode } from './schema.ts';

/** Where a value departs from its schema. */
export interface Mismatch {
  readonly code: ConfigErrorCode;
  /** Appended to the key: `[1].password`, or empty. */
  readonly path: string;
  readonly value: unknown;
  readonly schema: SchemaNode;
  /** A clause that follows the value, then a sentence that says what to write. */
  readonly reason: string;
}

/** Everything in which a value departs from its schema; empty when it does not. Takes any value and never throws. */
export function mismatches(value: unknown, schema: SchemaNode, path = ''): Mismatch[] {
  const mismatch = (code: ConfigErrorCode, reason: string): Mismatch[] => [{ code, path, value, schema, reason }];
  const wrongType = () =>
    mismatch('config_wrong_type', `is ${kindOf(value)}. Write ${expectation(schema)}.${hint(value, schema)}`);
  if (schema.anyOf !== undefined) {
    const form = schema.anyOf.find((candidate) => isOfType(value, candidate));
    return form === undefined ? wrongType() : mismatches(value, { ...form, ...wordsOf(schema) }, path);
  }
  if (schema.enum !== undefined) {
    if (typeof value === 'string' && schema.enum.includes(value)) return [];
    const meant = typeof value === 'string' ? nearest(value, schema.enum) : undefined;
    const question = meant === undefined ? '' : ` Did you mean ${meant}?`;
    return mismatch('config_wrong_type', `is not a choice. Write one of ${schema.enum.join(', ')}.${question}`);
  }
  if (!isOfType(value, schema)) return wrongType();
  if (Array.isArray(value)) {
    return value.flatMap((element: unknown, index) => mismatches(element, schema.items ?? {}, `${path}[${index}]`));
  }
  if (typeof value === 'object' && value !== null) return memberMismatches(value, schema, path);
  if (typeof value === 'number' && (value < (schema.minimum ?? value) || value > (schema.maximum ?? value))) {
    return mismatch('config_impossible_value', `is out of range. Write ${expectation(schema)}.`);
  }
  if (typeof value === 'string' && value.length < (schema.minLength ?? 0)) {
    return mismatch('config_malformed_value', `is empty. Write ${expectation(schema)}.`);
  }
  return [];
}

function memberMismatches(value: object, schema: SchemaNode, path: string): Mismatch[] {
  const names = Object.keys(schema.properties ?? {});
  const missing = (schema.required ?? [])
    .filter((name) => !Object.hasOwn(value, name))
    .map((name): Mismatch => {
      const reason = `lacks ${name}. Write ${expectation(schema)}.`;
      return { code: 'config_wrong_type', path, value, schema, reason };
    });
  const members = Object.entries(value).flatMap(([name, member]: [string, unknown]): Mismatch[] => {
    const child = propertyOf(schema, name);
    if (child !== undefined) return mismatches(member, child, `${path}.${name}`);
    const meant = nearest(name, names);
    const fix = meant === undefined ? `Its members are ${names.join(' and ')}.` : `Did you mean ${meant}?`;
    return [{ code: 'config_unknown_key', path, value, schema, reason: `has an unknown member "${name}". ${fix}` }];
  });
  return [...missing, ...members];
}

function isOfType(value: unknown, { type }: SchemaNode): boolean {
  if (type === undefined) return true;
  switch (type) {
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isSafeInteger(value);
    case 'string':
    case 'boolean':
      return typeof value === type;
    case 'null':
      return value === null;
  }
}

function wordsOf(schema: SchemaNode): SchemaNode {
  const expects = schema['x-expects'];
  return expects === undefined ? {} : { 'x-expects': expects };
}

/** What a value may be, in words that follow "Write". */
function expectation(schema: SchemaNode): string {
  if (schema['x-expects'] !== undefined) return schema['x-expects'];
  const type = schema.type ?? 'null';
  switch (type) {
    case 'integer': {
      const [count, zero] = (schema['x-unit'] ?? '').split('; ');
      const whole = count === '' ? 'a whole number' : `a whole number of ${count}`;
      return `${whole} from ${schema.minimum ?? 0} to ${schema.maximum ?? 'any'}${zero === undefined ? '' : ` (${zero})`}`;
    }
    case 'boolean':
      return 'true or false';
    case 'string':
      return schema.minLength === undefined ? 'text' : 'text that is not empty';
    case 'array':
    case 'object':
    case 'null':
      return `a value of type ${type}`;
  }
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return value === '' ? 'empty' : 'text';
  if (typeof value === 'number') return Number.isInteger(value) ? 'a number' : 'not a whole number';
  return typeof value === 'object' ? 'a group of keys' : `a ${typeof value}`;
}

const multipliers = new Map([
  ['', 1],
  ['k', 1_000],
  ['m', 1_000_000],
  ['g', 1_000_000_000],
]);
const secondsIn = new Map([
  ['', 1],
  ['s', 1],
  ['sec', 1],
  ['m', 60],
  ['min', 60],
  ['h', 3_600],
  ['d', 86_400],
]);

/** The number or text that was meant, where that can be told. */
function hint(value: unknown, schema: SchemaNode): string {
  // The value may be a secret: none is repeated that is not a number where one was asked for.
  if (schema.type === 'string' && typeof value === 'number') return ' Put quotes around it.';
  if (schema.type === 'array' && typeof value === 'string') return ' For one element put brackets around it.';
  if (schema.type !== 'integer' || typeof value !== 'string') return '';
  const [, digits = '', suffix = ''] = /^\s*([0-9]{1,9})\s*([a-z]*?)(?:bps|bit\/s|bits?)?\s*$/i.exec(value) ?? [];
  if (digits === '') return '';
  const table = schema['x-unit'] === 'seconds' ? secondsIn : multipliers;
  const factor = table.get(suffix.toLowerCase());
  return factor === undefined ? '' : ` Without quotes and unit: ${Number(digits) * factor}.`;
}
