import type { ConfigKey } from '../contract/config.ts';
import type { ConfigProblem } from './config-error.ts';
import { problem } from './layers.ts';
import type { Origin } from './loaded-config.ts';
import { impossible, type Parsed, type Refusal } from './refusal.ts';
import { keysByPath, type SchemaNode } from './schema.ts';
import { show } from './show.ts';
import { repeatedFamily } from './address-values.ts';
import type { IpAddress } from '../stun/transport-address.ts';

/** Collects what is wrong, and what is probably not meant, while the texts of a configuration are parsed. */
export class Reporter {
  readonly problems: ConfigProblem[] = [];
  readonly warnings: string[] = [];
  readonly #originOf: (key: ConfigKey) => Origin;

  constructor(originOf: (key: ConfigKey) => Origin) {
    this.#originOf = originOf;
  }

  /** Whether somebody has written this key. */
  isGiven(key: ConfigKey): boolean {
    return this.#originOf(key).layer !== 'default';
  }

  /** Parses the elements of a list; those that are refused are left out and reported. */
  each<Value>(
    key: ConfigKey,
    texts: readonly string[],
    parse: (text: string, index: number) => Parsed<Value>,
  ): Value[] {
    return texts.flatMap((text, index) => {
      const result = parse(text, index);
      if ('value' in result) return [result.value];
      this.refuse(key, texts.length === 1 ? '' : `[${index}]`, text, result.refusal);
      return [];
    });
  }

  /** The parsed value; where it is refused, the refusal is reported and `standIn` serves until the problems are raised. */
  take<Value>(key: ConfigKey, value: unknown, result: Parsed<Value>, standIn: Value, path = ''): Value {
    if ('value' in result) return result.value;
    this.refuse(key, path, value, result.refusal);
    return standIn;
  }

  /** At most one address of each family. */
  refuseRepeatedFamily(key: ConfigKey, value: unknown, addresses: readonly IpAddress[]): void {
    const family = repeatedFamily(addresses);
    if (family === undefined) return;
    const { refusal } = impossible(`names several ${family} addresses. Write at most one of each family.`);
    this.refuse(key, '', value, refusal);
  }

  /** Reports that a value was not taken. */
  refuse(key: ConfigKey, path: string, value: unknown, refusal: Refusal): void {
    this.problems.push(problem(`${key}${path}`, this.#originOf(key).detail, show(value, schemaAt(key, path)), refusal));
  }
}

/** The schema of an element or member, so that a secret is not shown. */
function schemaAt(key: ConfigKey, path: string): SchemaNode {
  const schema = keysByPath.get(key)?.schema ?? {};
  const element = path === '' ? schema : (schema.items ?? {});
  const member = path.split('.')[1];
  return member === undefined ? element : (element.properties?.[member] ?? {});
}
