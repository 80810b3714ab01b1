import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { callControl, probeControl } from '../../server/app/control-client.ts';
import { ControlServer, type ControlServerOptions } from '../../server/app/control-server.ts';
import { EnvironmentError } from '../../server/app/errors.ts';
import { controlSocketPath } from '../../server/app/data-dir.ts';
import type { AdminReply, ControlRequest, DrainReply } from '../../server/contract/control.ts';
import { tempDir } from '../support/temp-dir.ts';

const drained: DrainReply = { draining: true, sessions: 2, deadlineSeconds: 30 };

const failures: unknown[] = [];
const onFailure = (error: unknown): void => void failures.push(error);

async function listen(dataDir: string, handle: ControlServerOptions['handle']): Promise<ControlServer> {
  const server = new ControlServer(controlSocketPath(dataDir), { handle, onFailure });
  await server.listen();
  onTestFinished(() => server.close());
  return server;
}

describe('the control socket', () => {
  test('carries a request in and its reply out, for its owner alone', async () => {
    const dir = tempDir();
    await listen(dir, async (request) => {
      expect(request).toEqual({ command: 'drain' });
      return drained;
    });
    expect(await callControl(dir, { command: 'drain' })).toEqual(drained);
    expect(statSync(controlSocketPath(dir)).mode & 0o777).toBe(0o600);
  });

  test('a failure is told to the server, the command learns where to look', async () => {
    const dir = tempDir();
    const failure = new Error('a defect');
    await listen(dir, () => Promise.reject(failure));
    await expect(callControl(dir, { command: 'drain' })).rejects.toMatchObject({
      code: 'control_failed',
      message: '"drain" failed inside the server; its log says why',
    });
    expect(failures).toContain(failure);
  });

  test('a request for the admin API is carried as it is, and its answer with it', async () => {
    const dir = tempDir();
    const request: ControlRequest = {
      command: 'admin',
      method: 'PATCH',
      path: '/turn-users/a%2Fb%20%C3%A4',
      query: { limit: '5' },
      body: { nested: [null, 'ä'] },
      ifMatch: '*',
    };
    const reply: AdminReply = { status: 409, body: { code: 'conflict' }, etag: '"7"' };
    const seen: ControlRequest[] = [];
    await listen(dir, async (arrived) => {
      seen.push(arrived);
      return reply;
    });
    expect(await callControl(dir, request)).toEqual(reply);
    expect(seen).toEqual([request]);
  });

  test('a refusal reaches the command with its code and message', async () => {
    const dir = tempDir();
    await listen(dir, () => Promise.reject(new EnvironmentError('relay_unavailable', 'not before tea')));
    await expect(callControl(dir, { command: 'drain' })).rejects.toMatchObject({
      code: 'relay_unavailable',
      message: 'not before tea',
    });
  });

  test.each([
    ['admin_refused', 'admin_refused'],
    ['store_full', 'store_full'],
    ['usage', 'control_failed'],
    ['config_invalid', 'control_failed'],
  ] as const)('a refusal %s is %s for the command', async (code, told) => {
    const dir = tempDir();
    await listen(dir, () => Promise.reject(Object.assign(new Error('not now'), { code })));
    await expect(callControl(dir, { command: 'drain' })).rejects.toMatchObject({ code: told, message: 'not now' });
  });

  test('without an appliance the message names the socket and the remedy', async () => {
    const dir = tempDir();
    await expect(callControl(dir, { command: 'health' })).rejects.toMatchObject({ code: 'not_running' });
    await expect(callControl(dir, { command: 'health' })).rejects.toThrow(
      new RegExp(`${join(dir, 'control.sock')}.*npm start`, 's'),
    );
  });

  test('a second appliance on the same directory is refused and the first goes on', async () => {
    const dir = tempDir();
    await listen(dir, async () => drained);
    const second = new ControlServer(controlSocketPath(dir), { handle: async () => drained, onFailure });
    await expect(second.listen()).rejects.toMatchObject({ code: 'data_dir_in_use' });
    expect(await callControl(dir, { command: 'drain' })).toEqual(drained);
  });

  test('a directory in its place is refused, naming the path', async () => {
    const dir = tempDir();
    mkdirSync(controlSocketPath(dir));
    const server = new ControlServer(controlSocketPath(dir), { handle: async () => drained, onFailure });
    await expect(server.listen()).rejects.toMatchObject({ code: 'control_socket_unusable' });
  });

  test('what a killed appliance left in its place is replaced, and removed on close', async () => {
    const dir = tempDir();
    writeFileSync(controlSocketPath(dir), '');
    const server = await listen(dir, async () => drained);
    expect(await callControl(dir, { command: 'drain' })).toEqual(drained);
    await server.close();
    expect(existsSync(controlSocketPath(dir))).toBe(false);
  });

  test.each([
    ['text that is not JSON', 'hello', 'a request is'],
    ['null', 'null', 'a request is'],
    ['an unknown command', '{"command":"sing"}', 'there is no command \\"sing\\"'],
    ['a lifetime in the past', '{"command":"ice","ttlSeconds":-5}', 'ttlSeconds -5 is not a whole number from 1 to'],
    ['a lifetime without end', '{"command":"ice","ttlSeconds":1e15}', 'ttlSeconds 1000000000000000 is not'],
    ['a lifetime that is a text', '{"command":"ice","ttlSeconds":"60"}', 'ttlSeconds'],
    ['an app that can be none', '{"command":"ice","app":"../chat"}', 'app \\"../chat\\" is no id of an app'],
    [
      'a method that no route has',
      '{"command":"admin","method":"TRACE","path":"/apps"}',
      'method \\"TRACE\\" is none of',
    ],
    [
      'a path with another one in it',
      '{"command":"admin","method":"GET","path":"/apps/../accounts"}',
      'path is not one',
    ],
    ['the same, encoded', '{"command":"admin","method":"GET","path":"/apps/%2E%2e/accounts"}', 'path is not one'],
    ['a path with a query', '{"command":"admin","method":"GET","path":"/apps?x=1"}', 'path is not one'],
    ['an address for a path', '{"command":"admin","method":"GET","path":"//example.org/apps"}', 'path is not one'],
    ['a query that is no object', '{"command":"admin","method":"GET","path":"/apps","query":["a"]}', 'query is not'],
    ['a tag with a line in it', '{"command":"admin","method":"GET","path":"/apps","ifMatch":"a\\nb"}', 'ifMatch is no'],
    ['a backup to nowhere', '{"command":"backup","file":"copy.db"}', 'file is not an absolute path'],
    [
      'a subject that is too long',
      `{"command":"ice","subject":"${'x'.repeat(257)}"}`,
      'subject is not a text of at most',
    ],
  ])('%s is answered by an error that names it, and reaches nobody', async (_what, line, message) => {
    const dir = tempDir();
    await listen(dir, () => Promise.reject(new Error('reached')));
    const socket = connect(controlSocketPath(dir));
    socket.setEncoding('utf8');
    socket.write(`${line}\n`);
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    expect(text).toContain('"ok":false,"code":"usage"');
    expect(text).toContain(message);
  });

  test('a request without end is cut off, and others are served', async () => {
    const dir = tempDir();
    await listen(dir, async () => drained);
    const flood = connect(controlSocketPath(dir));
    flood.on('error', () => undefined);
    flood.write('x'.repeat(200_000));
    await new Promise((resolve) => flood.once('close', resolve));
    expect(await callControl(dir, { command: 'drain' })).toEqual(drained);
  });
});

test('of appliances that are started at once on one data directory one serves, and keeps its socket', async () => {
  const path = controlSocketPath(tempDir());
  const options = { handle: () => Promise.reject(new Error('unused')), onFailure: () => undefined };
  const servers = [1, 2, 3].map(() => new ControlServer(path, options));
  const started = await Promise.allSettled(servers.map((server) => server.listen()));
  onTestFinished(() => Promise.all(servers.map((server) => server.close())).then(() => undefined));
  expect(started.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected', 'rejected']);
  await Promise.all(
    servers.filter((_, index) => started[index]?.status === 'rejected').map((server) => server.close()),
  );
  expect(await probeControl(path)).toBe(true);
});
