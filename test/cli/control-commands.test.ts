import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ControlServer } from '../../server/app/control-server.ts';
import type { ControlReply, ControlRequest, DrainReply, HealthReply, IceReply } from '../../server/contract/control.ts';
import { callTurnpike, runTurnpike, temporaryDirectory } from './run-turnpike.ts';

const health: HealthReply = {
  status: 'ok',
  version: '1.2.3',
  uptimeSeconds: 11_533,
  allocations: 14,
  listeners: [
    { role: 'turn', url: 'udp://192.0.2.1:3478' },
    { role: 'http', url: 'http://*:8080' },
  ],
  certificate: null,
  engine: 'js',
  counts: {},
  dataDir: '/srv/turnpike',
};
const drain: DrainReply = { draining: true, sessions: 1, deadlineSeconds: 90 };
const ice: IceReply = {
  iceServers: [
    { urls: ['stun:192.0.2.1:3478'] },
    { urls: ['turn:192.0.2.1:3478?transport=udp'], username: '1735732800:alice', credential: 'c2VjcmV0' },
  ],
  ttlSeconds: 43_200,
  expiresAt: '2025-01-01T12:00:00Z',
  warnings: ['this host has no public address'],
};

/** Opens a real control socket in a fresh directory; the requests that arrive are kept. */
async function answering(reply: ControlReply): Promise<{ dataDir: string; requests: ControlRequest[] }> {
  const dataDir = temporaryDirectory();
  const requests: ControlRequest[] = [];
  const server = new ControlServer(join(dataDir, 'control.sock'), {
    handle: (request) => {
      requests.push(request);
      return Promise.resolve(reply);
    },
    onFailure: (error) => expect.fail(String(error)),
  });
  await server.listen();
  onTestFinished(() => server.close());
  return { dataDir, requests };
}

describe('health', () => {
  test('for people', async () => {
    const { dataDir, requests } = await answering(health);
    const { code, stdout, stderr } = await callTurnpike(['health', '--data-dir', dataDir], '/');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.split('\n')).toEqual([
      'ok: Turnpike 1.2.3, up for 3 h 12 min, 14 allocations',
      '  turn    udp://192.0.2.1:3478',
      '  http    http://*:8080',
      '  engine  js',
      '  data    /srv/turnpike',
      '',
    ]);
    expect(requests).toEqual([{ command: 'health' }]);
  });

  test.each([
    ['ok', 0],
    ['draining', 1],
    ['degraded', 1],
  ] as const)('%s ends with %d, as JSON too', async (status, expected) => {
    const { dataDir } = await answering({ ...health, status });
    const { code, stdout } = await callTurnpike(['health', '--json'], dataDir, { TURNPIKE_DATA_DIR: dataDir });
    expect(code).toBe(expected);
    expect(JSON.parse(stdout)).toEqual({ ...health, status });
  });
});

describe('drain', () => {
  test('says what is still open and how long it may take', async () => {
    const { dataDir, requests } = await answering(drain);
    const { code, stdout } = await callTurnpike(['drain', '--data-dir', dataDir], '/');
    expect([code, stdout]).toEqual([
      0,
      'Draining: 1 session is open. The server exits when they have ended, at the latest in 1 min 30 s.\n',
    ]);
    expect(requests).toEqual([{ command: 'drain' }]);
    expect(JSON.parse((await callTurnpike(['drain', '--data-dir', dataDir, '--json'], '/')).stdout)).toEqual(drain);
  });
});

describe('ice', () => {
  test('prints JSON to paste and nothing else on standard output', async () => {
    const { dataDir, requests } = await answering(ice);
    const words = ['ice', '--data-dir', dataDir, '--ttl', '3600', '--subject', 'alice'];
    const { code, stdout, stderr } = await runTurnpike(words, '/');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ iceServers: ice.iceServers });
    expect(stderr).toMatch(
      /^Valid for 12 h, until 2025-01-01T12:00:00Z\. .*new RTCPeerConnection\(<this object>\)\.\nWarning: this host has no public address\n$/,
    );
    expect(requests).toEqual([{ command: 'ice', ttlSeconds: 3600, subject: 'alice' }]);
  });

  test('--json prints the whole document and no hints', async () => {
    const { dataDir, requests } = await answering(ice);
    const { stdout, stderr } = await callTurnpike(['ice', '--json'], dataDir, { TURNPIKE_DATA_DIR: '.' });
    expect([JSON.parse(stdout), stderr]).toEqual([ice, '']);
    expect(requests).toEqual([{ command: 'ice' }]);
  });
});

describe('with no server running', () => {
  test.each(['health', 'drain', 'ice'])('%s names the socket and the remedy, with exit code 1', async (command) => {
    const cwd = temporaryDirectory();
    const { code, stdout, stderr } = await callTurnpike([command], cwd);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(join(cwd, 'data', 'control.sock'));
    expect(stderr).toMatch(/^turnpike: no Turnpike serves .*npm start.*--data-dir\.\n$/);
  });

  test('as JSON with --json', async () => {
    const { code, stderr } = await runTurnpike(['ice', '--json'], temporaryDirectory());
    expect(code).toBe(1);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'not_running' } });
  });
});
