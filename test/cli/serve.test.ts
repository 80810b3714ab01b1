import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { callTurnpike, mainFile, runTurnpike, temporaryDirectory } from './run-turnpike.ts';

const onLoopback = [
  '--turn-listen',
  'udp://127.0.0.1:0,tcp://127.0.0.1:0',
  '--http-public',
  'http://127.0.0.1:0',
  '--http-admin',
  'http://127.0.0.1:0',
];

test('one server, and every command that speaks to it', async () => {
  const dataDir = temporaryDirectory();
  const server = spawn(process.execPath, [mainFile, 'serve', '--data-dir', dataDir, ...onLoopback, '--json'], {
    cwd: dataDir,
  });
  onTestFinished(() => void server.kill('SIGKILL'));
  const ended = once(server, 'exit');
  for await (const line of createInterface({ input: server.stdout })) {
    if ((JSON.parse(line) as { event: string }).event === 'ready') break;
  }
  server.stdout.resume();
  const commanded = (...words: string[]) => callTurnpike([...words, '--data-dir', dataDir], '/');

  const health = await commanded('health', '--json');
  expect(health.code).toBe(0);
  expect(JSON.parse(health.stdout)).toMatchObject({ status: 'ok', allocations: 0, dataDir });

  const ice = await commanded('ice', '--subject', 'alice', '--ttl', '60');
  expect([ice.code, JSON.parse(ice.stdout)]).toEqual([
    0,
    {
      iceServers: [
        { urls: [expect.stringMatching(/^stun:127\.0\.0\.1:\d+$/)] },
        {
          urls: [
            expect.stringMatching(/^turn:127\.0\.0\.1:\d+\?transport=udp$/),
            expect.stringMatching(/^turn:127\.0\.0\.1:\d+\?transport=tcp$/),
          ],
          username: expect.stringMatching(/^\d{10}:alice$/) as string,
          credential: expect.stringMatching(/^[A-Za-z0-9+/]{27}=$/) as string,
        },
      ],
    },
  ]);

  const drain = await commanded('drain');
  expect([drain.code, drain.stdout]).toEqual([
    0,
    'Draining: 0 sessions are open. The server exits when they have ended, at the latest in 30 s.\n',
  ]);
  expect(await ended).toEqual([0, null]);
  expect((await commanded('health')).code).toBe(1);
});

test('a taken port ends the start with exit code 1 and names the key, the port and the remedy', async () => {
  const rival = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void rival.close());
  await once(rival, 'listening');
  const url = `tcp://127.0.0.1:${(rival.address() as AddressInfo).port}`;
  const { code, stderr } = await runTurnpike(['serve', ...onLoopback, '--turn-listen', url], temporaryDirectory());
  expect(code).toBe(1);
  expect(stderr).toMatch(/^turnpike: turn\.listen: .*taken.*\n$/);
  expect(stderr).toContain(url);
});

test('a data directory that is a file ends the start with exit code 1', async () => {
  const cwd = temporaryDirectory();
  writeFileSync(join(cwd, 'data'), '');
  const { code, stderr } = await runTurnpike(['serve', ...onLoopback], cwd);
  expect(code).toBe(1);
  expect(stderr).toMatch(new RegExp(`^turnpike: dataDir: .*${join(cwd, 'data')}.*\n$`));
});
