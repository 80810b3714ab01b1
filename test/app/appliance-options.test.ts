import { describe, expect, test } from 'vitest';
import type { CreateApplianceOptions } from '../../server/app/appliance-options.ts';
import { createAppliance } from '../../server/app/create-appliance.ts';
import { ConfigError } from '../../server/config/config-error.ts';
import type { Config, ConfigKey } from '../../server/contract/config.ts';

describe('options that cannot be', () => {
  /** The message of the one problem that the options have. */
  function problemOf(options: object): string {
    try {
      createAppliance(options);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      expect(error.problems).toHaveLength(1);
      return error.problems[0]?.message ?? '';
    }
    throw new Error('the options were taken');
  }

  test.each([
    [{ turn: { relm: 'example.org' } }, 'turn.relm (option) is no key. Did you mean turn.realm?'],
    [{ realm: 'example.org' }, 'realm (option) is no key here. Did you mean turn.realm?'],
    [{ log: { level: 'debug' } }, /^log \(option\) is no key\. The keys are dataDir, /],
    [{ turn: { realm: 7 } }, 'turn.realm (option): 7 is a number. Write text. Put quotes around it.'],
    [{ turn: false }, /^turn \(option\) holds no keys\. Write an object with any of realm, listen, /],
    [
      { http: true },
      'http (option) holds no keys. Write an object with any of public, admin, metrics, publicUrl, adminUrl, trustedProxies.',
    ],
    [
      { http: null },
      'http (option) holds no keys. Write an object with any of public, admin, metrics, publicUrl, adminUrl, trustedProxies.',
    ],
    [{ turn: { listen: [false] } }, 'turn.listen (option): [] names no listener. Write e.g. udp://*:3478.'],
    [{ turn: { listen: true } }, /^turn\.listen \(option\): true is a boolean\. Write a list of udp:/],
    [{ turn: { relayPorts: '20-10' } }, /^turn\.relayPorts \(option\): "20-10" ends before it begins/],
    [{ turn: { secrets: [undefined] } }, 'turn.secrets[0] (option): ******** is undefined. Write text.'],
    [{ turn: { users: [{ name: 'a', password: 5n }] } }, /^turn\.users\[0\]\.password \(option\): \*+ is a bigint/],
    [{ drainSeconds: 5n }, /^drainSeconds \(option\): a value of type bigint is a bigint\. Write a whole number/],
    [{ publicHost: () => 'x' }, /^publicHost \(option\): a value of type function is a function\. Write auto, a DNS/],
    [{ http: { public: true } }, /^http\.public \(option\): true is a boolean\. Write http:/],
    [{ turn: { listen: false, realm: '' } }, /^turn\.realm \(option\): /],
    [{ dataDir: true }, 'dataDir (option): true is a boolean. Write text that is not empty.'],
    [JSON.parse('{"__proto__": {"turn": 1}}') as object, /^__proto__ \(option\) is no key\./],
  ])('%o', (options, message) => {
    expect(problemOf(options)).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
  });

  test('are told all at once', () => {
    const create = (): unknown => createAppliance({ drainSeconds: -1, turn: { realm: '', relayPorts: 'many' } });
    expect(create).toThrow(ConfigError);
    expect(create).toThrow(/has 3 problems/);
  });

  test('a logger that is none is a TypeError', () => {
    expect(() => createAppliance({ logger: {} as never })).toThrow(TypeError);
  });
});

test('the options have the keys of the configuration, and only those', () => {
  type Leaf = readonly unknown[] | string | number | boolean | null;
  type Partly<T> = T extends Leaf ? T : { [K in keyof T]?: Partly<T[K]> };
  type Keys<T, P extends string = ''> = {
    [K in keyof T & string]-?: Given<T[K]> extends Leaf ? `${P}${K}` : Keys<Given<T[K]>, `${P}${K}.`>;
  }[keyof T & string];
  // What switches a group off has no keys.
  type Given<T> = Exclude<NonNullable<T>, false>;
  type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
  // Both are the compiler's to check: a key of the schema that the options lack, and a value that they do not take.
  const same: Same<Exclude<ConfigKey, `log.${string}`>, Keys<Omit<CreateApplianceOptions, 'logger'>>> = true;
  const fromFile = (config: Partly<Omit<Config, 'log'>>): CreateApplianceOptions => config;
  expect([same, fromFile({})]).toEqual([true, {}]);
});
