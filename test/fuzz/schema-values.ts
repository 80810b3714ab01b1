import fc, { type Arbitrary } from 'fast-check';

/** What of JSON Schema the schemas of the admin API use. */
export interface JsonSchema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly minProperties?: number;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: unknown;
}

/** Texts that are there, by the name of the key or parameter that holds them: half of what is made names one of them. */
export type KnownTexts = Readonly<Record<string, readonly string[]>>;

/** Values that a schema admits. */
export function valuesOf(schema: JsonSchema, known: KnownTexts = {}, name = ''): Arbitrary<unknown> {
  const names = known[name];
  const any = unnamedValuesOf(schema, known);
  return names === undefined ? any : fc.oneof(fc.constantFrom(...names), any);
}

function unnamedValuesOf(schema: JsonSchema, known: KnownTexts): Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((choice) => valuesOf(choice, known)));
  switch (schema.type) {
    case 'object':
      return objectsOf(schema, known);
    case 'array':
      return fc.array(valuesOf(schema.items ?? {}, known), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 4, 4),
      });
    case 'string':
      return textsOf(schema);
    case 'integer':
    case 'number':
      return fc.integer({
        min: schema.minimum ?? Number.MIN_SAFE_INTEGER,
        max: schema.maximum ?? Number.MAX_SAFE_INTEGER,
      });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case undefined:
    default:
      return fc.jsonValue();
  }
}

function objectsOf(schema: JsonSchema, known: KnownTexts): Arbitrary<unknown> {
  const [record] = Object.values(schema.patternProperties ?? {});
  if (record !== undefined) {
    const keys = fc.oneof(fc.constantFrom('drainSeconds', 'dataDir', 'turn.realm'), fc.string({ maxLength: 20 }));
    return fc.dictionary(keys, valuesOf(record, known), {
      minKeys: schema.minProperties ?? 0,
      maxKeys: 4,
      noNullPrototype: true,
    });
  }
  const properties = Object.entries(schema.properties ?? {});
  const model = Object.fromEntries(properties.map(([name, member]) => [name, valuesOf(member, known, name)]));
  const requiredKeys = (schema.required ?? []).filter((name) => schema.properties?.[name]?.default === undefined);
  return fc.record(model, { requiredKeys, noNullPrototype: true });
}

function textsOf({ pattern, format, minLength = 0, maxLength }: JsonSchema): Arbitrary<string> {
  if (format === 'date-time') {
    const times = fc.date({ min: new Date('2020-01-01'), max: new Date('2040-01-01'), noInvalidDate: true });
    return times.map((time) => time.toISOString());
  }
  if (pattern !== undefined) {
    return fc
      .stringMatching(new RegExp(pattern))
      .filter((text) => text.length >= minLength && text.length <= (maxLength ?? 64));
  }
  const length = { minLength, maxLength: Math.max(minLength, Math.min(maxLength ?? 40, 40)) };
  return fc.oneof(
    fc.string({ ...length, unit: 'binary' }),
    fc.string({ ...length, unit: 'grapheme-ascii' }),
    awkward(length),
  );
}

/** Names that programs trip over. */
function awkward({
  minLength,
  maxLength,
}: {
  readonly minLength: number;
  readonly maxLength: number;
}): Arbitrary<string> {
  const texts = [
    '__proto__',
    'constructor',
    'toString',
    "' OR 1=1 --",
    'a\u0000b',
    '\ud800',
    '../../etc',
    '%2e%2e',
    '',
  ];
  const fitting = texts.filter((text) => text.length >= minLength && text.length <= maxLength);
  return fitting.length === 0 ? fc.constant('x'.repeat(minLength)) : fc.constantFrom(...fitting);
}
