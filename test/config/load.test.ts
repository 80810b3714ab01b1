import { chmodSync, writeFileSync } from 'node:fs';
import { ip } from '../support/addresses.ts';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../server/config/load.ts';
import type { LoadedConfig } from '../../server/config/loaded-config.ts';
import { formatCidr } from '../../server/stun/cidr.ts';
import { formatIp, formatTransportAddress } from '../../server/stun/ip-text.ts';
import { load, sourcesOf, type Given } from './given-config.ts';

describe('defaults (DESIGN.md section 5)', () => {
  test('with nothing given', async () => {
    const sources = sourcesOf({});
    const { resolved, origins, file, warnings } = await loadConfig(sources);
    expect(resolved).toEqual({
      dataDir: join(sources.cwd, 'data'),
      publicHost: null,
      turn: {
        realm: 'turnpike.local',
        listen: [
          { transport: 'udp', host: '*', port: 3478 },
          { transport: 'tcp', host: '*', port: 3478 },
        ],
        publicAddress: { kind: 'auto' },
        relayAddress: 'auto',
        relayPorts: { first: 49152, last: 65535 },
        engine: 'auto',
        channelRange: 'rfc8656',
        defaultAddressFamily: 'ipv4',
        users: [],
        secrets: [],
        strictExpiry: false,
        alternateServers: [],
        peers: { allow: [], deny: [] },
        limits: {
          allocationsPerUser: 128,
          allocationsPerAddress: 0,
          allocationsTotal: 0,
          permissionsPerAllocation: 128,
          channelsPerAllocation: 128,
          bitsPerSecondPerAllocation: 0,
          bitsPerSecondPerUser: 0,
        },
      },
      tls: null,
      http: {
        public: { host: '*', port: 8080 },
        admin: { scheme: 'http', host: ip('127.0.0.1'), port: 8081 },
        metrics: null,
        publicUrl: null,
        adminUrl: null,
        trustedProxies: [],
      },
      masterKey: null,
      retention: { minuteDays: 2, hourDays: 35, dayDays: 800, auditDays: 400 },
      log: { level: 'info', format: 'auto' },
      drainSeconds: 30,
    });
    expect([...origins.values()]).toEqual(Array.from(origins, () => ({ layer: 'default', detail: 'default' })));
    expect([file, warnings]).toEqual([null, []]);
  });

  test('the result is frozen through and through', async () => {
    const { config, resolved } = await load({ flags: { 'turn.peers.allow': ['10.0.0.0/8'] } });
    expect(() => Object.assign(resolved.turn.limits, { allocationsTotal: 1 })).toThrow(TypeError);
    expect(() => Object.assign(resolved.turn.peers.allow[0]?.ip ?? {}, { w0: 1 })).toThrow(TypeError);
    expect(() => config.turn.listen.push('udp://*:1')).toThrow(TypeError);
  });
});

describe('precedence: flag over environment over file over default', () => {
  const yaml = 'turn:\n  realm: from-file\n  relayPorts: 50000-50099\ndrainSeconds: 5\n';
  const environment = { TURNPIKE_TURN_REALM: 'from-environment', TURNPIKE_DRAIN_SECONDS: '6' };

  test('each key on its own, with its origin', async () => {
    const sources = sourcesOf({ flags: { 'turn.realm': ['from-flag'] }, environment, yaml });
    const { resolved, origins, file } = await loadConfig(sources);
    const path = join(sources.cwd, 'turnpike.yaml');
    expect(file).toBe(path);
    expect(resolved.turn.realm).toBe('from-flag');
    expect(resolved.drainSeconds).toBe(6);
    expect(resolved.turn.relayPorts).toEqual({ first: 50000, last: 50099 });
    expect(origins.get('turn.realm')).toEqual({ layer: 'flag', detail: 'flag --turn-realm' });
    expect(origins.get('drainSeconds')).toEqual({ layer: 'environment', detail: 'TURNPIKE_DRAIN_SECONDS' });
    expect(origins.get('turn.relayPorts')).toEqual({ layer: 'file', detail: `${path}:3` });
    expect(origins.get('turn.listen')).toEqual({ layer: 'default', detail: 'default' });
  });

  test('an empty variable counts as none, a key without a value too', async () => {
    const { resolved } = await load({ environment: { TURNPIKE_TURN_REALM: '' }, yaml: 'turn:\n  realm:\nhttp:\n' });
    expect(resolved.turn.realm).toBe('turnpike.local');
  });

  test('the file is looked for at --config, TURNPIKE_CONFIG, ./turnpike.yaml', async () => {
    const beside = sourcesOf({ yaml: 'drainSeconds: 3', environment: { TURNPIKE_CONFIG: 'other.yaml' } });
    const named = join(beside.cwd, 'named.yaml');
    writeFileSync(named, 'drainSeconds: 1', { mode: 0o600 });
    writeFileSync(join(beside.cwd, 'other.yaml'), 'drainSeconds: 2', { mode: 0o600 });
    expect((await loadConfig({ ...beside, configFile: named })).resolved.drainSeconds).toBe(1);
    expect((await loadConfig(beside)).resolved.drainSeconds).toBe(2);
    expect((await loadConfig({ ...beside, environment: {} })).resolved.drainSeconds).toBe(3);
  });
});

describe('how values are written', () => {
  test.each<[string, Given, (loaded: LoadedConfig) => unknown, unknown]>([
    [
      'a repeated flag is a list',
      { flags: { 'turn.listen': ['udp://127.0.0.1:0', 'tcp://[::1]:0'] } },
      ({ config }) => config.turn.listen,
      ['udp://127.0.0.1:0', 'tcp://[::1]:0'],
    ],
    [
      'a flag takes commas',
      { flags: { 'turn.peers.allow': ['10.0.0.0/8, fd00::/8'] } },
      ({ resolved }) => resolved.turn.peers.allow.map(formatCidr),
      ['10.0.0.0/8', 'fd00::/8'],
    ],
    ['an empty flag is an empty list', { flags: { 'turn.secrets': [''] } }, ({ config }) => config.turn.secrets, []],
    [
      'the last of a repeated flag counts',
      { flags: { drainSeconds: ['1', '2'] } },
      ({ config }) => config.drainSeconds,
      2,
    ],
    [
      'the environment takes JSON',
      { environment: { TURNPIKE_TURN_LISTEN: '["udp://127.0.0.1:0"]' } },
      ({ config }) => config.turn.listen,
      ['udp://127.0.0.1:0'],
    ],
    [
      'users as JSON',
      { environment: { TURNPIKE_TURN_USERS: '[{"name":"alice","password":"a,b:c"}]' } },
      ({ resolved }) => resolved.turn.users,
      [{ name: 'alice', password: 'a,b:c' }],
    ],
    [
      'users as name:password',
      { environment: { TURNPIKE_TURN_USERS: 'alice:one,bob:two:three' } },
      ({ resolved }) => resolved.turn.users,
      [
        { name: 'alice', password: 'one' },
        { name: 'bob', password: 'two:three' },
      ],
    ],
    ['true', { environment: { TURNPIKE_TURN_STRICT_EXPIRY: 'true' } }, ({ config }) => config.turn.strictExpiry, true],
    ['null', { environment: { TURNPIKE_HTTP_PUBLIC: 'null' } }, ({ resolved }) => resolved.http.public, null],
    ['null in a file', { yaml: 'http: {public: null}' }, ({ resolved }) => resolved.http.public, null],
    [
      'a key without a value is not set',
      { yaml: 'http:\n  public:\n' },
      ({ resolved }) => resolved.http.public,
      { host: '*', port: 8080 },
    ],
    [
      'a bracketed IPv6 address is no JSON',
      { environment: { TURNPIKE_TURN_ALTERNATE_SERVER: '[2001:db8::7]:3478' } },
      ({ resolved }) => resolved.turn.alternateServers.map(formatTransportAddress),
      ['[2001:db8::7]:3478'],
    ],
    [
      'an alternate server of each family, the port left out',
      { yaml: 'turn: {alternateServer: ["192.0.2.7", "[2001:db8::7]:3479"]}' },
      ({ resolved }) => resolved.turn.alternateServers.map(formatTransportAddress),
      ['192.0.2.7:3478', '[2001:db8::7]:3479'],
    ],
    [
      'YAML anchors',
      { yaml: 'turn:\n  peers: {allow: &own [10.0.0.0/8], deny: []}\n  users: [&a {name: a, password: b}]\n' },
      ({ resolved }) => [resolved.turn.peers.allow.length, resolved.turn.users.length],
      [1, 1],
    ],
    [
      'public address: none',
      { flags: { 'turn.publicAddress': ['none'] } },
      ({ resolved }) => resolved.turn.publicAddress,
      { kind: 'none' },
    ],
    [
      'relay address: one of each family',
      { flags: { 'turn.relayAddress': ['192.0.2.1,2001:db8::1'] } },
      ({ resolved }) => (resolved.turn.relayAddress === 'auto' ? [] : resolved.turn.relayAddress.map(formatIp)),
      ['192.0.2.1', '2001:db8::1'],
    ],
    [
      'a host that is a name',
      { flags: { publicHost: ['turn.example.org'] } },
      ({ resolved }) => resolved.publicHost,
      'turn.example.org',
    ],
    [
      'a host that is an address',
      { flags: { publicHost: ['2001:DB8::1'] } },
      ({ resolved }) => resolved.publicHost,
      '2001:db8::1',
    ],
    ['a realm is normalised', { flags: { 'turn.realm': ['a\u00a0b'] } }, ({ resolved }) => resolved.turn.realm, 'a b'],
  ])('%s', async (_, given, read, expected) => {
    expect(read(await load(given))).toEqual(expected);
  });

  test('public addresses: one of each family, or pairs', async () => {
    const one = await load({ flags: { 'turn.publicAddress': ['203.0.113.5'] } });
    expect(one.resolved.turn.publicAddress).toMatchObject({
      kind: 'addresses',
      addresses: [{ family: 4, w0: 0xcb007105 }],
    });
    const pairs = await load({ yaml: 'turn: {publicAddress: [10.0.0.5=203.0.113.5, "fd00::5=2001:db8::5"]}' });
    expect(pairs.resolved.turn.publicAddress).toMatchObject({
      kind: 'pairs',
      pairs: [
        { local: { w0: 0x0a000005 }, public: { w0: 0xcb007105 } },
        { local: { family: 6 }, public: { family: 6 } },
      ],
    });
  });

  test('..._FILE reads a value from a file, one element a line', async () => {
    const one = 'north-north-north-north';
    const two = 'south/south+south=south';
    const sources = sourcesOf({ environment: { TURNPIKE_TURN_SECRETS_FILE: 'secrets' } });
    writeFileSync(join(sources.cwd, 'secrets'), `${one}\n${two}\n`);
    const { resolved, origins } = await loadConfig(sources);
    expect(resolved.turn.secrets).toEqual([one, two]);
    expect(origins.get('turn.secrets')?.detail).toBe(`TURNPIKE_TURN_SECRETS_FILE (${join(sources.cwd, 'secrets')})`);
    writeFileSync(join(sources.cwd, 'users'), '[\n  {"name": "alice",\n   "password": "p"}\n]\n');
    const users = await loadConfig({ ...sources, environment: { TURNPIKE_TURN_USERS_FILE: 'users' } });
    expect(users.resolved.turn.users).toEqual([{ name: 'alice', password: 'p' }]);
  });
});

describe('what is allowed but hardly meant is warned of', () => {
  test.each<[string, Given, RegExp]>([
    [
      'every peer',
      { yaml: 'turn: {peers: {allow: [0.0.0.0/0]}}' },
      /turn\.peers\.allow 0\.0\.0\.0\/0 lets relayed traffic reach every IPv4/,
    ],
    ['every peer of the other family', { yaml: 'turn: {peers: {allow: ["::/0"]}}' }, /every IPv6 address/],
    [
      'a range that is denied as well',
      { yaml: 'turn: {peers: {allow: [10.1.0.0/16], deny: [10.0.0.0/8]}}' },
      /allow 10\.1\.0\.0\/16 has no effect: turn\.peers\.deny 10\.0\.0\.0\/8 is stronger/,
    ],
    [
      'a listener among the relay ports',
      { flags: { 'turn.listen': ['udp://*:50000'] } },
      /holds port 50000 of turn\.listen/,
    ],
    [
      'a secret as a flag',
      { flags: { 'turn.secrets': ['north-north-north-north'] } },
      /shown to every user of this host by "ps".*TURNPIKE_TURN_SECRETS_FILE/,
    ],
    ['a variable of no key', { environment: { TURNPIKE_COLOUR_SCHEME: 'x' } }, /TURNPIKE_COLOUR_SCHEME .* no effect/],
  ])('%s', async (_, given, message) => {
    const { warnings } = await load(given);
    expect(warnings).toEqual([expect.stringMatching(message)]);
  });

  test('a file with secrets that everybody may read', async () => {
    const given = sourcesOf({ yaml: 'turn: {users: [{name: alice, password: p}]}' });
    expect((await loadConfig(given)).warnings).toEqual([]);
    chmodSync(join(given.cwd, 'turnpike.yaml'), 0o644);
    expect((await loadConfig(given)).warnings).toEqual([
      expect.stringMatching(/holds turn\.users and every user.*chmod o-r/),
    ]);
  });

  test('variables that an orchestrator makes for a service of our name are passed over', async () => {
    const environment = {
      TURNPIKE_SERVICE_HOST: '10.0.0.1',
      TURNPIKE_SERVICE_PORT: '3478',
      TURNPIKE_SERVICE_PORT_TURN: '3478',
      TURNPIKE_PORT: 'udp://10.0.0.1:3478',
      TURNPIKE_PORT_3478_UDP: 'udp://10.0.0.1:3478',
      TURNPIKE_PORT_3478_UDP_ADDR: '10.0.0.1',
    };
    expect((await load({ environment })).warnings).toEqual([]);
  });
});
