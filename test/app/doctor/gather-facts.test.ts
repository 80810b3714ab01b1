import { chmodSync, readdirSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { gatherFacts } from '../../../server/app/doctor/gather-facts.ts';
import { missingFrom, parseRanges } from '../../../server/app/doctor/port-ranges.ts';
import { optionsLoader } from '../../../server/config/load.ts';
import { loopbackConfig, startAppliance } from '../../support/appliance.ts';
import { tempDir } from '../../support/temp-dir.ts';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

test('of a host on which nothing runs: ports are tried and given back, and nothing is made', async () => {
  const dataDir = tempDir();
  const rival = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void rival.close());
  await once(rival, 'listening');
  const taken = (rival.address() as AddressInfo).port;
  const free = await freePort();
  const load = optionsLoader(
    {
      dataDir,
      turn: { listen: [`udp://127.0.0.1:${free}`, `tcp://127.0.0.1:${taken}`, 'udp://192.0.2.77:3478'] },
      http: { public: `http://*:${free}`, admin: null },
    },
    '/',
  );
  for (const round of ['first', 'second']) {
    const facts = await gatherFacts(dataDir, load);
    expect([round, facts.ports.map(({ url, state }) => `${url} ${state}`)]).toEqual([
      round,
      [
        `udp://127.0.0.1:${free} free`,
        `tcp://127.0.0.1:${taken} taken`,
        'udp://192.0.2.77:3478 absent',
        `http://*:${free} free`,
      ],
    ]);
    expect(facts).toMatchObject({ running: null, database: { kind: 'absent' }, masterKey: { isThere: false } });
  }
  expect(readdirSync(dataDir)).toEqual([]);
});

test('of a running server: its ports are its own, its database is sound and stays in use', async () => {
  const running = await startAppliance(loopbackConfig());
  const { dataDir, udp } = running;
  const load = optionsLoader(
    { dataDir, turn: { listen: [`udp://127.0.0.1:${udp.port}`] }, http: { public: null, admin: null } },
    '/',
  );
  const facts = await gatherFacts(dataDir, load);
  expect(facts.ports).toEqual([{ key: 'turn.listen', url: `udp://127.0.0.1:${udp.port}`, state: 'ours' }]);
  expect(facts.running?.status).toBe('ok');
  expect(facts.database).toMatchObject({ kind: 'there', faults: [], isOutdated: false });
  expect(facts.masterKey).toMatchObject({ isThere: true, isExposed: false, fits: true });
  expect(facts.dataDir.freeBytes).toBeGreaterThan(0);
  const other = optionsLoader({ dataDir, masterKey: Buffer.alloc(32, 1).toString('base64') }, '/');
  expect((await gatherFacts(dataDir, other)).masterKey.fits).toBe(false);
  chmodSync(join(dataDir, 'master-key'), 0o644);
  expect((await gatherFacts(dataDir, load)).masterKey.isExposed).toBe(true);
});

test.each([
  [
    '3478,49152-65535\n',
    [
      { first: 3478, last: 3478 },
      { first: 49_152, last: 65_535 },
    ],
  ],
  ['\n', []],
])('%j are the ranges that the kernel names', (text, ranges) => {
  expect(parseRanges(text)).toEqual(ranges);
});

test.each([
  [[], ['10-20']],
  [
    [
      { first: 1, last: 9 },
      { first: 21, last: 30 },
    ],
    ['10-20'],
  ],
  [
    [
      { first: 12, last: 13 },
      { first: 10, last: 10 },
    ],
    ['11-11', '14-20'],
  ],
  [
    [
      { first: 15, last: 99 },
      { first: 5, last: 15 },
    ],
    [],
  ],
])('without %j there are %j left of 10 to 20', (others, left) => {
  expect(missingFrom({ first: 10, last: 20 }, others).map(({ first, last }) => `${first}-${last}`)).toEqual(left);
});
