import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../server/config/config-error.ts';
import { configLoader, optionsLoader } from '../../server/config/load.ts';
import type { LoadedConfig } from '../../server/config/loaded-config.ts';
import { configKeys } from '../../server/config/schema.ts';
import { isStorable, takesEffect } from '../../server/config/stored-layer.ts';
import type { ConfigKey } from '../../server/contract/config.ts';
import { sourcesOf, type Given } from './given-config.ts';

/** A configuration above what is stored. */
async function loadWith(stored: Record<string, unknown>, given: Given = {}): Promise<LoadedConfig> {
  const load = await configLoader(sourcesOf(given));
  return load(new Map(Object.entries(stored)));
}

describe('what is set in the console is the lowest layer above the defaults', () => {
  test.each<[string, Given, number, string]>([
    ['nothing above it', {}, 120, 'console'],
    ['a file', { yaml: 'drainSeconds: 5' }, 5, 'file'],
    ['a variable', { environment: { TURNPIKE_DRAIN_SECONDS: '6' } }, 6, 'environment'],
    ['a flag', { flags: { drainSeconds: ['7'] } }, 7, 'flag'],
  ])('%s', async (_what, given, drainSeconds, layer) => {
    const { resolved, origins } = await loadWith({ drainSeconds: 120, 'turn.realm': 'example.org' }, given);
    expect([resolved.drainSeconds, origins.get('drainSeconds')?.layer]).toEqual([drainSeconds, layer]);
    expect([resolved.turn.realm, origins.get('turn.realm')]).toEqual([
      'example.org',
      { layer: 'console', detail: 'console' },
    ]);
  });

  test('options of a program are above it', () => {
    const load = optionsLoader({ drainSeconds: 8 }, '/');
    const { resolved } = load(
      new Map<string, unknown>([
        ['drainSeconds', 120],
        ['turn.realm', 'example.org'],
      ]),
    );
    expect([resolved.drainSeconds, resolved.turn.realm]).toEqual([8, 'example.org']);
  });

  test('null is a value of it', async () => {
    expect((await loadWith({ 'http.public': null })).resolved.http.public).toBeNull();
  });
});

describe('what is wrong with it is said in the words of a file', () => {
  test.each<[string, Record<string, unknown>, Given, string]>([
    [
      'another type',
      { drainSeconds: '30s' },
      {},
      'drainSeconds (console): "30s" is text. Write a whole number of seconds from 0 to 86400. Without quotes and unit: 30.',
    ],
    [
      'a malformed value',
      { 'turn.peers.allow': ['10.0.0.1/8'] },
      {},
      'turn.peers.allow (console): "10.0.0.1/8" has bits set after its prefix. The network is 10.0.0.0/8; the address alone is 10.0.0.1/32.',
    ],
    [
      'plain HTTP for administrators',
      { 'http.admin': 'http://*:8081' },
      {},
      'http.admin (console): "http://*:8081" is plain HTTP, which would show passwords to the network. Write https:// (a certificate is made where none is configured), or 127.0.0.1 behind a proxy or "ssh -L".',
    ],
    [
      'what does not go with a higher layer',
      { 'turn.listen': ['tcp://*:9000'] },
      { flags: { 'http.public': ['http://*:9000'] } },
      'http.public (flag --http-public): "http://*:9000" needs port 9000, which turn.listen has for tcp://. Move one of them.',
    ],
  ])('%s', async (_what, stored, given, message) => {
    const failure = await loadWith(stored, given).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ConfigError);
    expect((failure as ConfigError).problems.map((problem) => problem.message)).toEqual([message]);
  });

  test.each(['turn.relm', 'constructor', '__proto__', 'dataDir', 'masterKey', 'turn.users', 'turn.secrets'])(
    '%s has no effect, and is warned of',
    async (key) => {
      const { warnings, origins } = await loadWith({ [key]: 'x', drainSeconds: 1 });
      expect(
        key === '__proto__' || warnings.some((warning) => warning.startsWith(`${key} is set in the console`)),
      ).toBe(true);
      expect([...origins].filter(([, { layer }]) => layer === 'console').map(([name]) => name)).toEqual([
        'drainSeconds',
      ]);
    },
  );

  test('a value that a higher layer hides does no harm', async () => {
    expect((await loadWith({ drainSeconds: 'x' }, { flags: { drainSeconds: ['7'] } })).resolved.drainSeconds).toBe(7);
  });
});

describe('when a change takes effect', () => {
  const keysThat = (takes: string): ConfigKey[] =>
    configKeys.map(({ key }) => key).filter((key) => isStorable(key) && takesEffect(key) === takes);

  test('at once, or with the next start; all of turn with a new relay thread', () => {
    expect(keysThat('at-once')).toEqual([
      'publicHost',
      'http.publicUrl',
      'http.adminUrl',
      'retention.minuteDays',
      'retention.hourDays',
      'retention.dayDays',
      'retention.auditDays',
      'drainSeconds',
    ]);
    expect(keysThat('restart')).toEqual([
      'tls.certificate',
      'tls.key',
      'http.public',
      'http.admin',
      'http.metrics',
      'http.trustedProxies',
      'log.level',
      'log.format',
    ]);
    expect(keysThat('relay-restart').every((key) => key.startsWith('turn.'))).toBe(true);
  });

  test('what the database needs to be opened, and what has a home of its own in it, is not stored', () => {
    expect(configKeys.map(({ key }) => key).filter((key) => !isStorable(key))).toEqual([
      'dataDir',
      'turn.users',
      'turn.secrets',
      'masterKey',
    ]);
  });
});
