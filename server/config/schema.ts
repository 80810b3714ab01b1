import schemaDocument from '../../config/turnpike.schema.json' with { type: 'json' };
import type { ConfigKey } from '../contract/config.ts';

/** The part of JSON Schema that the configuration is described with (generated from contract/config). */
export interface SchemaNode {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'boolean' | 'null';
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  /** The unit of a number, in words. */
  readonly 'x-unit'?: string;
  /** What a value with several forms may be, in words. */
  readonly 'x-expects'?: string;
  /** Never shown to anybody. */
  readonly 'x-secret'?: boolean;
}

/** A key and the names it has in each layer. */
export interface KeyDescription {
  readonly key: ConfigKey;
  readonly schema: SchemaNode;
  /** Without dashes before it: `turn-realm`. */
  readonly flag: string;
  /** `TURNPIKE_TURN_REALM`. */
  readonly environment: string;
}

/** The schema of the configuration file. */
export const configSchema: SchemaNode = schemaDocument as SchemaNode;

/** Every key in the order of the schema. */
export const configKeys: readonly KeyDescription[] = describeKeys(configSchema, []);

/** Every key by its path. */
export const keysByPath: ReadonlyMap<string, KeyDescription> = new Map(configKeys.map((entry) => [entry.key, entry]));

/** The schema of a property, if the node is an object that has it. */
export function propertyOf(schema: SchemaNode, name: string): SchemaNode | undefined {
  return schema.properties !== undefined && Object.hasOwn(schema.properties, name)
    ? schema.properties[name]
    : undefined;
}

/** Whether a key holds something that is never shown. */
export function holdsSecret(schema: SchemaNode): boolean {
  return (
    schema['x-secret'] === true ||
    (schema.items !== undefined && holdsSecret(schema.items)) ||
    Object.values(schema.properties ?? {}).some(holdsSecret)
  );
}

function describeKeys(schema: SchemaNode, path: readonly string[]): KeyDescription[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, child]) => {
    const here = [...path, name];
    if (child.properties !== undefined) return describeKeys(child, here);
    const words = here.map((segment) => segment.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)).join('-');
    return {
      key: here.join('.') as ConfigKey,
      schema: child,
      flag: words,
      environment: `TURNPIKE_${words.replaceAll('-', '_').toUpperCase()}`,
    };
  });
}
