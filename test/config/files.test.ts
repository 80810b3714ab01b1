import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { locateDataDir } from '../../server/config/load.ts';
import { failureOf, load, sourcesOf } from './given-config.ts';

describe('files', () => {
  test('one that is named must be there', async () => {
    const error = await failureOf({ ...sourcesOf({}), configFile: 'missing.yaml' });
    expect(error.problems).toEqual([
      expect.objectContaining({
        code: 'config_file_unreadable',
        message: expect.stringMatching(/^cannot read .*missing\.yaml \(--config\): ENOENT/) as string,
      }),
    ]);
    const byVariable = await failureOf(sourcesOf({ environment: { TURNPIKE_CONFIG: 'gone.yaml' } }));
    expect(byVariable.message).toMatch(/gone\.yaml \(TURNPIKE_CONFIG\)/);
  });

  test.each([
    ['not YAML', 'turn: [', /turnpike\.yaml:1:\d+ is not YAML/, 'config_file_malformed'],
    [
      'a key twice',
      'turn: {}\nturn: {}\n',
      /turnpike\.yaml:2:\d+ is not YAML: Map keys must be unique/,
      'config_file_malformed',
    ],
    ['a list', '- a\n', /the file \(.*:1\) holds no keys/, 'config_wrong_type'],
    ['a text', 'hello', /the file \(.*:1\) holds no keys/, 'config_wrong_type'],
    [
      'a text for a group',
      'turn: yes',
      /^ {2}turn \(.*:1\) holds no keys\. Write a mapping with any of realm/m,
      'config_wrong_type',
    ],
    [
      'keys that are keys of keys, whose names double in length',
      `turn: {}\n${'? '.repeat(50)}x\n`,
      /turnpike\.yaml:2:\d+ has something else than a name where a key stands/,
      'config_file_malformed',
    ],
    [
      'an alias bomb',
      `turn:\n  users:\n${['  - &a [x]', ...'bcdefghi'.split('').map((name, index) => `  - &${name} [${`*${'abcdefgh'[index] ?? ''},`.repeat(9)}]`)].join('\n')}\n`,
      /cannot be read as YAML/,
      'config_file_malformed',
    ],
    ['nesting without end', `turn: ${'['.repeat(50_000)}`, /YAML/, 'config_file_malformed'],
  ])('%s', async (_, yaml, message, code) => {
    const error = await failureOf(sourcesOf({ yaml }));
    expect(error.message).toMatch(message);
    expect(error.problems.map((problem) => problem.code)).toEqual([code]);
  });

  test('an empty one and one of comments say nothing', async () => {
    expect((await load({ yaml: '' })).resolved.drainSeconds).toBe(30);
    expect((await load({ yaml: '# nothing\n' })).resolved.drainSeconds).toBe(30);
  });
});

describe('names are data: members of Object.prototype are unknown keys like any other', () => {
  test.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])('%s', async (name) => {
    const yaml = `${name}: {x: 1}\nturn:\n  ${name}: 1\n  users: [{name: a, password: b, ${name}: c}]\n`;
    const error = await failureOf(sourcesOf({ yaml }));
    expect(error.problems.map(({ code, key }) => [code, key])).toEqual([
      ['config_unknown_key', name],
      ['config_unknown_key', `turn.${name}`],
      ['config_unknown_key', 'turn.users[0]'],
    ]);
  });
});

test('every problem is found and printed in one message, with exit code 2', async () => {
  const sources = sourcesOf({
    flags: { 'turn.relayPorts': ['49152-1000'] },
    environment: { TURNPIKE_LOG_LEVEL: 'verbose' },
    yaml: 'turn:\n  relm: x\n  peers:\n    allow: [10.0.0.1/8]\ndrainSeconds: 30s\n',
  });
  const error = await failureOf(sources);
  expect([error.code, error.exitCode, error.problems.length]).toEqual(['config_invalid', 2, 5]);
  const path = join(sources.cwd, 'turnpike.yaml');
  expect(error.message.split('\n')).toEqual([
    'The configuration has 5 problems:',
    `  turn.relm (${path}:2) is no key. Did you mean turn.realm?`,
    '  log.level (TURNPIKE_LOG_LEVEL): "verbose" is not a choice. Write one of error, warn, info, debug, trace.',
    `  drainSeconds (${path}:5): "30s" is text. Write a whole number of seconds from 0 to 86400. Without quotes and unit: 30.`,
    '  turn.relayPorts (flag --turn-relay-ports): "49152-1000" ends before it begins. Write the lower port first: 1000-49152.',
    `  turn.peers.allow (${path}:4): "10.0.0.1/8" has bits set after its prefix. The network is 10.0.0.0/8; the address alone is 10.0.0.1/32.`,
  ]);
});

describe('locateDataDir', () => {
  test('works while the rest of the configuration is wrong', async () => {
    const given = sourcesOf({ yaml: 'dataDir: /srv/turnpike\nturn: {relayPorts: nonsense}\nunknown: 1\n' });
    expect(await locateDataDir(given)).toBe('/srv/turnpike');
    expect(await locateDataDir({ ...given, flags: new Map([['dataDir', ['here']]]) })).toBe(join(given.cwd, 'here'));
    expect(await locateDataDir({ ...given, environment: { TURNPIKE_DATA_DIR: '/env' } })).toBe('/env');
  });

  test('says when the file that may name it cannot be read, or it is no text', async () => {
    await expect(locateDataDir({ ...sourcesOf({}), configFile: 'missing.yaml' })).rejects.toThrow(
      /cannot read .*missing\.yaml/,
    );
    await expect(locateDataDir(sourcesOf({ yaml: 'dataDir: [a]' }))).rejects.toThrow(/dataDir .* is a list/);
  });
});
