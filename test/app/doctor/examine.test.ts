import { expect, test } from 'vitest';
import { examine } from '../../../server/app/doctor/examine.ts';
import type { HostFacts } from '../../../server/app/doctor/host-facts.ts';
import type { HealthReply } from '../../../server/contract/control.ts';
import { factsWith, nowMs } from './facts.ts';

const healthy = factsWith();
const dayMs = 86_400_000;
const { certificate, database, dataDir, masterKey } = healthy;
const config = (turn: Partial<HostFacts['config']['turn']>): HostFacts['config'] => ({
  ...healthy.config,
  turn: { ...healthy.config.turn, ...turn },
});
const health: HealthReply = {
  status: 'ok',
  version: '1.2.3',
  uptimeSeconds: 1,
  allocations: 7,
  listeners: [],
  certificate: null,
  engine: 'js',
  counts: {},
  dataDir: '/srv/turnpike',
};

test('where all is well every check says so, and names no remedy', () => {
  const findings = examine(healthy);
  expect(findings.filter(({ level, remedy }) => level !== 'ok' || remedy !== null)).toEqual([]);
  expect(findings.map(({ check }) => check)).toEqual([
    ...['server', 'ports', 'relay-ports', 'addresses', 'public-name', 'certificate', 'clock', 'descriptors'],
    ...['socket-buffers', 'data-dir', 'database', 'master-key'],
  ]);
});

test('a host that has never served has no problem', () => {
  const findings = examine(
    factsWith({
      dataDir: { ...dataDir, isThere: false, mode: 0 },
      database: { kind: 'absent', path: '/srv/turnpike/turnpike.db' },
      masterKey: { ...masterKey, isThere: false, fits: null },
      certificate: null,
      publicName: null,
    }),
  );
  expect(findings.filter(({ level }) => level !== 'ok')).toEqual([]);
});

test('limits that the system does not tell are no problem', () => {
  const findings = examine(
    factsWith({ ephemeralPorts: null, descriptorLimit: null, socketBuffers: null, userId: null }),
  );
  expect(findings.filter(({ level }) => level !== 'ok')).toEqual([]);
});

test.each<[what: string, differences: Partial<HostFacts>, check: string, level: string, said: string, remedy: string]>([
  [
    'a taken port',
    { ports: [{ key: 'turn.listen', url: 'udp://*:3478', state: 'taken' }] },
    'ports',
    'problem',
    'udp://*:3478 is taken',
    'ss -lunpt',
  ],
  [
    'a port below 1024 for a user',
    { ports: [{ key: 'http.public', url: 'http://*:80', state: 'forbidden' }] },
    'ports',
    'problem',
    'may not listen on http://*:80',
    'CAP_NET_BIND_SERVICE',
  ],
  [
    'an address of another host',
    { ports: [{ key: 'turn.listen', url: 'udp://192.0.2.9:3478', state: 'absent' }] },
    'ports',
    'problem',
    'does not have',
    'ip address',
  ],
  [
    'ports of the running server',
    { ports: [{ key: 'turn.listen', url: 'udp://*:3478', state: 'ours' }] },
    'ports',
    'ok',
    'udp://*:3478 is served',
    '',
  ],
  [
    'a relay range that the system gives away',
    { ephemeralPorts: { first: 32_768, last: 60_999 } },
    'relay-ports',
    'warning',
    'gives 49152-60999 of them',
    'net.ipv4.ip_local_reserved_ports = 49152-60999',
  ],
  [
    'the same, reserved in part',
    {
      ephemeralPorts: { first: 32_768, last: 60_999 },
      reservedPorts: [
        { first: 8080, last: 8080 },
        { first: 50_000, last: 50_999 },
      ],
    },
    'relay-ports',
    'warning',
    'gives 49152-49999, 51000-60999 of them',
    '= 8080,50000-50999,49152-49999,51000-60999"',
  ],
  [
    'the same, reserved',
    { ephemeralPorts: { first: 32_768, last: 60_999 }, reservedPorts: [{ first: 49_152, last: 65_535 }] },
    'relay-ports',
    'ok',
    'the system keeps for them',
    '',
  ],
  [
    'no address beside loopback',
    { addresses: [] },
    'addresses',
    'warning',
    'no address beside loopback',
    'Bring a network interface up',
  ],
  [
    'private addresses alone',
    { config: config({ publicAddress: { kind: 'auto' } }), addresses: [{ text: '10.0.0.5', isPublic: false }] },
    'addresses',
    'warning',
    'no public address (10.0.0.5)',
    'turn.publicAddress',
  ],
  [
    'private addresses on purpose',
    { addresses: [{ text: '10.0.0.5', isPublic: false }] },
    'addresses',
    'ok',
    'turn.publicAddress says',
    '',
  ],
  [
    'an address that is translated',
    { addresses: [{ text: '10.0.0.5', isPublic: false }], publicAddresses: ['203.0.113.5'] },
    'addresses',
    'ok',
    'Clients are told 203.0.113.5',
    '',
  ],
  [
    'a name of this host',
    { publicName: { name: 'turn.example.org', addresses: ['192.0.2.1'], failure: null } },
    'public-name',
    'ok',
    'turn.example.org is 192.0.2.1, which is this host',
    '',
  ],
  [
    'a name without a record',
    { publicName: { name: 'turn.example.org', addresses: [], failure: 'ENOTFOUND' } },
    'public-name',
    'problem',
    'does not find turn.example.org (ENOTFOUND)',
    'DNS record',
  ],
  [
    'a name of another host',
    { publicName: { name: 'turn.example.org', addresses: ['203.0.113.99'], failure: null } },
    'public-name',
    'warning',
    'is 203.0.113.99, which is no address',
    'Correct the DNS record',
  ],
  [
    'a name that /etc/hosts gives to loopback',
    { publicName: { name: 'turn.example.org', addresses: ['127.0.1.1'], failure: null } },
    'public-name',
    'warning',
    'no answer of the DNS',
    '/etc/hosts',
  ],
  [
    'a name of the translated address',
    {
      publicName: { name: 'turn.example.org', addresses: ['203.0.113.5'], failure: null },
      publicAddresses: ['203.0.113.5'],
    },
    'public-name',
    'ok',
    'which is this host',
    '',
  ],
  [
    'a certificate of another pair',
    { certificate: { kind: 'unusable', reason: 'tls.key: k.pem is not the key of it.' } },
    'certificate',
    'problem',
    'not the key',
    'tls.key',
  ],
  [
    'an expired certificate',
    { certificate: changed(certificate, { expiresAtMs: nowMs - dayMs }) },
    'certificate',
    'problem',
    'expired on 2027-01-30',
    'Renew',
  ],
  [
    'a certificate that expires soon',
    { certificate: changed(certificate, { expiresAtMs: nowMs + 13 * dayMs }) },
    'certificate',
    'warning',
    'expires in 13 days',
    'Renew',
  ],
  [
    'a certificate without its chain',
    { certificate: changed(certificate, { issuers: 0 }) },
    'certificate',
    'warning',
    'the own certificate alone',
    'fullchain.pem',
  ],
  [
    'a certificate that signs itself',
    { certificate: changed(certificate, { issuers: 0, isSelfSigned: true }) },
    'certificate',
    'warning',
    'signs itself',
    'authority',
  ],
  [
    'a clock that nothing sets',
    { clock: 'free-running' },
    'clock',
    'warning',
    'Nothing keeps the clock right',
    'systemd-timesyncd',
  ],
  [
    'a clock of which the system tells nothing',
    { clock: 'unknown' },
    'clock',
    'warning',
    'does not tell',
    'on its host',
  ],
  [
    'a clock that was set back',
    { database: changed(database, { writtenAtMs: nowMs + dayMs }) },
    'clock',
    'problem',
    'was written at 2027-02-01',
    'Set the clock',
  ],
  [
    'few descriptors',
    { descriptorLimit: 1024 },
    'descriptors',
    'warning',
    'descriptor limit of 1024 admits 384 relays',
    'LimitNOFILE',
  ],
  [
    'small socket buffers',
    { socketBuffers: { receiveBytes: 212_992, sendBytes: 4_194_304 } },
    'socket-buffers',
    'warning',
    'net.core.rmem_max is 212992',
    "'net.core.rmem_max = 4194304\\n'",
  ],
  [
    'a directory that others may read',
    { dataDir: { ...dataDir, mode: 0o755 } },
    'data-dir',
    'warning',
    'has the mode 755',
    'chmod 700 /srv/turnpike',
  ],
  [
    'a directory of another user',
    { userId: 33 },
    'data-dir',
    'problem',
    'belongs to the user 1000, and this is 33',
    'chown -R 33',
  ],
  ['root, who may work for every user', { userId: 0 }, 'data-dir', 'ok', 'is private', ''],
  [
    'a disk that is nearly full',
    { dataDir: { ...dataDir, freeBytes: 40_000_000 } },
    'data-dir',
    'problem',
    'has 40 MB left',
    'Free some space',
  ],
  [
    'a disk that will be full',
    { dataDir: { ...dataDir, freeBytes: 400_000_000 } },
    'data-dir',
    'warning',
    'has 400 MB left',
    'Free some space',
  ],
  [
    'a damaged database',
    { database: changed(database, { faults: ['page 3 is never used'] }) },
    'database',
    'problem',
    'page 3 is never used',
    'turnpike restore',
  ],
  [
    'a database that cannot be read',
    { database: { kind: 'unreadable', path: 'x', reason: 'it is no database.' } },
    'database',
    'problem',
    'it is no database',
    'turnpike restore',
  ],
  [
    'a log that is not worked off',
    { database: changed(database, { logBytes: 300_000_000 }) },
    'database',
    'warning',
    'turnpike.db-wal has 300 MB',
    'Close what',
  ],
  [
    'a database of an older release',
    { database: changed(database, { isOutdated: true }) },
    'database',
    'ok',
    'The next start migrates it',
    '',
  ],
  [
    'a master key that is missing',
    { masterKey: { ...masterKey, isThere: false, fits: null } },
    'master-key',
    'problem',
    'There is no /srv/turnpike/master-key',
    'Put back',
  ],
  [
    'another master key',
    { masterKey: { ...masterKey, fits: false } },
    'master-key',
    'problem',
    'is not the key',
    'Put back',
  ],
  [
    'a master key that others may read',
    { masterKey: { ...masterKey, isExposed: true } },
    'master-key',
    'warning',
    'Others than its owner',
    'chmod 600',
  ],
  ['a server that is well', { running: health }, 'server', 'ok', 'Turnpike 1.2.3 is ok, with 7 allocations', ''],
  [
    'a server that drains',
    { running: { ...health, status: 'draining' } },
    'server',
    'warning',
    'is draining',
    'start it again',
  ],
  [
    'a server whose relay is down',
    { running: { ...health, status: 'degraded' } },
    'server',
    'problem',
    'is degraded',
    'journalctl',
  ],
])('%s', (_what, differences, check, level, said, remedy) => {
  const findings = examine(factsWith(differences));
  const finding = findings.find((each) => each.check === check && each.level === level);
  expect(finding?.message).toContain(said);
  expect(finding?.remedy ?? '').toContain(remedy);
  expect(findings.filter((each) => each.level !== 'ok' && each.check !== check)).toEqual([]);
  if (level === 'ok') expect(findings.filter((each) => each.check === check)).toHaveLength(1);
});

function changed<Fact extends object | null>(fact: Fact, differences: object): Fact {
  return { ...fact, ...differences };
}
