import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { tempDir } from '../support/temp-dir.ts';
import { loggedEvents, RunningProgram } from './running-program.ts';
import { allocateOn, commandLine, loopbackFlags, readyLine, serve } from './serving.ts';

async function ready(flags: readonly string[] = []): Promise<RunningProgram> {
  const server = serve([...loopbackFlags(tempDir()), ...flags]);
  await server.seen(readyLine);
  return server;
}

test('when nobody looks, standard output is JSON lines, one of them "ready", and the summary goes to standard error', async () => {
  const server = await ready();
  const lines = server.stdout.trimEnd().split('\n');
  const events = lines.map((line) => (JSON.parse(line) as { event: string }).event);
  expect(events).toContain('ready');
  await server.seen(/Turnpike .* is serving\./);
  expect(server.stderr).toMatch(/TURN udp +127\.0\.0\.1:\d+/);
});

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('%s ends an idle server with exit code 0', async (signal) => {
  const server = await ready();
  server.signal(signal);
  expect(await server.end).toEqual({ code: 0, signal: null });
  expect(loggedEvents(server.stdout)).toEqual(expect.arrayContaining(['signal', 'draining', 'stopped']));
});

test('one Ctrl-C that arrives three times lets a live session end', async () => {
  const server = await ready();
  const client = await allocateOn(server);
  onTestFinished(() => client.close());
  for (const pauseMs of [0, 20, 20]) {
    await delay(pauseMs);
    server.signal('SIGINT');
  }
  await server.seen(/"event":"draining"/);
  await delay(300);
  expect(server.hasEnded).toBe(false);
  expect((await client.refresh(0)).code).toBe(0);
  expect(await server.end).toEqual({ code: 0, signal: null });
});

test('a second signal, more than a second later, ends a drain at once', async () => {
  const server = await ready();
  const client = await allocateOn(server);
  onTestFinished(() => client.close());
  server.signal('SIGTERM');
  await server.seen(/"event":"draining"/);
  await delay(1_100);
  expect(server.hasEnded).toBe(false);
  server.signal('SIGTERM');
  expect(await server.end).toEqual({ code: 128 + 15, signal: null });
});

test('a drain ends after drainSeconds, whatever is still open', async () => {
  const server = await ready(['--drain-seconds=1']);
  const client = await allocateOn(server);
  onTestFinished(() => client.close());
  server.signal('SIGTERM');
  expect(await server.end).toEqual({ code: 0, signal: null });
  expect(server.stdout).toMatch(/"event":"stopped","sessionsEnded":1/);
});

test('the command drain ends the server with exit code 0', async () => {
  const dataDir = tempDir();
  const server = serve(loopbackFlags(dataDir));
  await server.seen(readyLine);
  const drain = new RunningProgram(process.execPath, [commandLine, 'drain', `--data-dir=${dataDir}`]);
  expect(await drain.end).toEqual({ code: 0, signal: null });
  expect(await server.end).toEqual({ code: 0, signal: null });
});
