import { configKeys, holdsSecret, type KeyDescription, type SchemaNode } from '../config/schema.ts';
import type { ConfigKey } from '../contract/config.ts';

/** A flag of a command. */
export interface FlagDescription {
  /** Without dashes before it. */
  readonly name: string;
  /** What stands for the value in help; null for a switch, which takes none or `=true` and `=false`. */
  readonly placeholder: string | null;
  /** Whole sentences. */
  readonly description: string;
  /** The configuration key that it sets, or null. */
  readonly key: ConfigKey | null;
  /** The other names of what it sets, a line for help. */
  readonly names?: string;
}

/** The flags of every command. */
export const generalFlags: readonly FlagDescription[] = [
  {
    name: 'config',
    placeholder: 'FILE',
    description:
      'The configuration file. Else TURNPIKE_CONFIG, ./turnpike.yaml, /etc/turnpike/turnpike.yaml; none is needed.',
    key: null,
  },
  {
    name: 'data-dir',
    placeholder: 'DIRECTORY',
    description: 'The data directory of the server (key dataDir, default ./data).',
    key: 'dataDir',
  },
  { name: 'json', placeholder: null, description: 'Output for machines.', key: null },
  { name: 'help', placeholder: null, description: 'This text.', key: null },
];

/** A flag for every configuration key that the general flags do not set. */
export const configFlags: readonly FlagDescription[] = configKeys
  .filter(({ key }) => !generalFlags.some((flag) => flag.key === key))
  .map((description) => ({
    name: description.flag,
    placeholder: placeholderOf(description.schema),
    description: describe(description),
    key: description.key,
    names: `${description.key}, ${description.environment}`,
  }));

function describe({ schema, environment }: KeyDescription): string {
  const [unit, zero] = (schema['x-unit'] ?? '').split('; ');
  const sentences = [
    schema.description,
    unit === '' ? undefined : `A whole number of ${unit}${zero === undefined ? '' : `; ${zero}`}.`,
    schema['x-expects'] === undefined ? undefined : `Takes ${schema['x-expects']}.`,
    `Default ${defaultOf(schema)}.`,
    holdsSecret(schema) ? `Flags are seen by every user of the host; prefer ${environment}_FILE.` : undefined,
  ];
  return sentences.filter((sentence) => sentence !== undefined).join(' ');
}

function defaultOf({ default: value }: SchemaNode): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(',');
  return String(value);
}

function placeholderOf(schema: SchemaNode): string | null {
  if (schema.type === 'boolean') return null;
  if (schema.type === 'integer') return 'NUMBER';
  if (schema.enum !== undefined) return schema.enum.join('|');
  return schema.type === 'array' ? 'LIST' : 'VALUE';
}
