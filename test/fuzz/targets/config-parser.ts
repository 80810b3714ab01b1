import { strict as assert } from 'node:assert';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ConfigError } from '../../../server/config/config-error.ts';
import { loadConfig, loadOptions } from '../../../server/config/load.ts';
import type { LoadedConfig } from '../../../server/config/loaded-config.ts';
import { configKeys } from '../../../server/config/schema.ts';
import type { ConfigKey } from '../../../server/contract/config.ts';
import { isErrorCode } from '../../../server/contract/error-codes.ts';
import { concatenated, mutateBytes } from '../engine/mutate-bytes.ts';
import type { FuzzTarget, Observe } from '../engine/target.ts';

const exampleFile = path.join(import.meta.dirname, '../../../config/turnpike.example.yaml');
const groups = new Set(configKeys.map(({ key }) => key.split('.')[0] ?? ''));
const objectMembers = Object.getOwnPropertyNames(Object.prototype).join();

/** Texts that mean something in a configuration. */
const words: readonly Uint8Array[] = [
  ...configKeys.flatMap(({ key, flag, environment }) => [
    key,
    `${key.split('.').at(-1)}: `,
    `\0--${flag}=`,
    `\0${environment}=`,
  ]),
  ...[
    'turn:\n  ',
    'limits:\n    ',
    '\n  - ',
    '- {name: a, password: b}',
    '[udp://*:3478]',
    'tls://[::1]:5349',
    '10.0.0.0/8',
  ],
  ...[
    '2001:db8::/33',
    '::ffff:1.2.3.4',
    '1.2.3.4=5.6.7.8',
    '49152-65535',
    '65536',
    '-1',
    '1e999',
    '0x10',
    '.nan',
    '1_000',
  ],
  ...[
    'null',
    '~',
    'true',
    'auto',
    'none',
    '""',
    '{}',
    '[]',
    '&a ',
    '*a',
    '<<: *a',
    '!!binary ',
    '!!js/function ',
    '%YAML 1.1\n',
  ],
  ...[
    '__proto__: ',
    'constructor: ',
    'prototype: ',
    '"__proto__":{"polluted":1}',
    '? ',
    '|\n  ',
    '>-\n',
    '\u0000',
    '\ufeff',
    '---\n',
  ],
  ...[
    '{"turn":{',
    '"users":[{"name":"a","password":"b"}]',
    'TURNPIKE_TURN_REALMS=x',
    '_FILE=',
    '[[[[',
    '{a: ',
    '\t',
    '\r\n',
    '\ud83d\ude00',
  ],
].map((text) => new TextEncoder().encode(text));

const seeds: readonly string[] = [
  '',
  '? ? ? a\n',
  // Written out, such a key has twice the length at every level.
  '? '.repeat(40),
  `turn:\n  users:\n  - ${'? '.repeat(40)}`,
  'turn:\n  realm: example.org\n  listen: [udp://127.0.0.1:3478, "tcp://[::1]:3478"]\n',
  'turn: {users: [{name: alice, password: wonderland}], secrets: [0123456789012345678901234567890123]}',
  'turn:\n  peers: {allow: [10.0.0.0/8], deny: ["2001:db8::/33"]}\n  limits: {allocationsPerUser: 3}\n',
  'tls: {certificate: a.pem, key: b.pem}\nhttp: {public: "https://*:8443"}\npublicHost: turn.example.org\n',
  'turn:\n  publicAddress: [10.0.0.5=203.0.113.5]\n  relayAddress: [192.0.2.1]\n  relayPorts: 50000-50010\n',
  'a: &x [1]\nturn: &t {realm: *x}\n<<: *t\n',
  'dataDir: ./d\0--turn-realm=example.org\0TURNPIKE_TURN_LISTEN=udp://*:1,tcp://*:2\0TURNPIKE_TURN_REALN=x',
  '\0TURNPIKE_TURN_USERS=[{"name":"a","password":"b"}]\0--turn-limits-allocations-total=5\0--drain-seconds=x',
  '{"constructor":1}',
  '{"turn":{"realm":"r","__proto__":{"polluted":1}},"__proto__":{"polluted":1}}',
  '__proto__:\n  polluted: 1\nturn:\n  __proto__: {polluted: 1}\n  users: [{__proto__: {polluted: 1}}]\n',
];

/** What an input says: the text of a file, and after it, each behind a NUL, flags `--name=value` and variables `NAME=value`. */
function parts(input: Uint8Array): {
  yaml: Uint8Array;
  flags: Map<ConfigKey, string[]>;
  environment: NodeJS.ProcessEnv;
} {
  const end = input.indexOf(0);
  const yaml = end === -1 ? input : input.subarray(0, end);
  const flags = new Map<ConfigKey, string[]>();
  const environment: NodeJS.ProcessEnv = {};
  for (const text of end === -1
    ? []
    : Buffer.from(input.subarray(end + 1))
        .toString()
        .split('\0')) {
    const [name = '', ...value] = text.split('=');
    const key = configKeys.find(({ flag }) => name === `--${flag}`)?.key;
    if (key !== undefined) flags.set(key, [...(flags.get(key) ?? []), value.join('=')]);
    // Nothing outside the directory is to be read.
    else if (!name.endsWith('_FILE') && name !== 'TURNPIKE_CONFIG') environment[name] = value.join('=');
  }
  return { yaml, flags, environment };
}

/** DESIGN.md section 5: whatever is written, there is a configuration or an error that names what is wrong with it. */
export const configParser: FuzzTarget = {
  name: 'config-parser',
  // The time that YAML takes grows with the square of some texts; ours are short.
  maxBytes: 8192,
  batch: 64,
  seeds: () => [
    ...seeds.map((text) => new TextEncoder().encode(text)),
    new TextEncoder().encode(readFileSync(exampleFile, 'utf8').replaceAll(/^ *#.*\n|^\n/gm, '')),
  ],
  mutate(input, other, draw) {
    const bytes = mutateBytes(input, other, draw, words);
    return draw.oneIn(3) ? concatenated(bytes, draw.pick(words), draw.pick(words)) : bytes;
  },
  async run(input, observe) {
    const { yaml, flags, environment } = parts(input);
    const cwd = mkdtempSync(path.join(tmpdir(), 'turnpike-fuzz-'));
    try {
      const file = path.join(cwd, 'turnpike.yaml');
      writeFileSync(file, yaml, { mode: 0o600 });
      await judged(() => loadConfig({ flags, environment, cwd, configFile: file }), observe);
      const options = parsedJson(yaml);
      if (typeof options !== 'object' || options === null) return;
      const isTaken = await judged(() => loadOptions(options, cwd), observe);
      const hasStranger = Object.keys(options).some((name) => !groups.has(name));
      assert(!isTaken || !hasStranger, 'a key that does not exist is refused, whatever its name');
    } finally {
      rmSync(cwd, { recursive: true });
    }
  },
};

/** Whether there is a configuration. */
async function judged(load: () => LoadedConfig | Promise<LoadedConfig>, observe: Observe): Promise<boolean> {
  let loaded: LoadedConfig | undefined;
  try {
    loaded = await load();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    assert(error.problems.length > 0, 'an error has a problem');
    observe(1 + Math.min(8, error.problems.length));
    for (const { code, key, message } of error.problems) {
      assert(isErrorCode(code), `${code} is in the catalogue`);
      assert(message.includes(key), `the message names the key: ${message}`);
    }
  }
  if (loaded !== undefined) {
    observe(0);
    assertPlain(loaded.config);
    assert.equal(loaded.origins.size, configKeys.length, 'every key has an origin');
  }
  assert.equal(Object.getOwnPropertyNames(Object.prototype).join(), objectMembers, 'Object.prototype is as it was');
  assert.equal(Reflect.get({}, 'polluted'), undefined);
  return loaded !== undefined;
}

/** Nothing in a configuration has a prototype that a text has given it, and nothing of it can be changed. */
function assertPlain(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  assert(Object.isFrozen(value), 'the configuration is frozen');
  const prototype: unknown = Object.getPrototypeOf(value);
  assert(prototype === Object.prototype || prototype === Array.prototype, 'the prototype is the usual one');
  for (const member of Object.values(value)) assertPlain(member);
}

function parsedJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
}
