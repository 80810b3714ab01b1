import type { ConfigKey } from '../contract/config.ts';
import type { ConfigErrorCode } from '../contract/error-codes.ts';
import type { ConfigProblem } from './config-error.ts';
import type { LayerSettings, Setting } from './layers.ts';
import type { Origin } from './loaded-config.ts';
import { configSchema, propertyOf, type SchemaNode } from './schema.ts';
import { unknownKey } from './unknown-key.ts';

// The log is the program's own.
const { log: _, ...keys } = configSchema.properties ?? {};
const optionsSchema: SchemaNode = { ...configSchema, properties: keys };
const origin: Origin = { layer: 'option', detail: 'option' };

/** The layer of an object with the tree of the keys, as a program gives it. What is undefined counts as not given. */
export function optionsLayer(options: object): LayerSettings {
  const reader = new OptionsReader();
  reader.readGroup(options, optionsSchema, []);
  return reader;
}

class OptionsReader implements LayerSettings {
  readonly settings = new Map<ConfigKey, Setting>();
  readonly problems: ConfigProblem[] = [];
  readonly warnings: string[] = [];

  readGroup(group: object, schema: SchemaNode, path: readonly string[]): void {
    for (const [name, value] of Object.entries(group) as [string, unknown][]) {
      const here = [...path, name];
      const child = propertyOf(schema, name);
      if (child === undefined) {
        this.#report('config_unknown_key', here, unknownKey(name, schema, path));
      } else if (value !== undefined && child.properties !== undefined) {
        this.#readChild(value, child, here);
      } else if (value !== undefined) {
        this.settings.set(here.join('.') as ConfigKey, { value, origin });
      }
    }
  }

  #readChild(value: unknown, schema: SchemaNode, path: readonly string[]): void {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      this.readGroup(value, schema, path);
      return;
    }
    const names = Object.keys(schema.properties ?? {}).join(', ');
    this.#report('config_wrong_type', path, `holds no keys. Write an object with any of ${names}.`);
  }

  #report(code: ConfigErrorCode, path: readonly string[], reason: string): void {
    const key = path.join('.');
    this.problems.push({ code, key, message: `${key} (option) ${reason}` });
  }
}
