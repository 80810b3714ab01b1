import { existsSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { callControl } from '../../server/app/control-client.ts';
import { ControlServer, type ControlHandler } from '../../server/app/control-server.ts';
import { controlSocketPath } from '../../server/app/data-dir.ts';
import type { DrainReply } from '../../server/contract/control.ts';
import { tempDir } from '../support/temp-dir.ts';

const drained: DrainReply = { draining: true, sessions: 2, deadlineSeconds: 30 };

async function listen(dataDir: string, handle: ControlHandler): Promise<ControlServer> {
  const server = new ControlServer(controlSocketPath(dataDir), handle);
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

  test('a refusal reaches the command with its message', async () => {
    const dir = tempDir();
    await listen(dir, () => Promise.reject(new Error('not before tea')));
    await expect(callControl(dir, { command: 'drain' })).rejects.toMatchObject({
      code: 'control_failed',
      message: 'not before tea',
    });
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
    const second = new ControlServer(controlSocketPath(dir), async () => drained);
    await expect(second.listen()).rejects.toMatchObject({ code: 'data_dir_in_use' });
    expect(await callControl(dir, { command: 'drain' })).toEqual(drained);
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
    ['text that is not JSON', 'hello\n', /"ok":false/],
    ['an unknown command', '{"command":"sing"}\n', /"ok":false/],
  ])('%s is answered by an error', async (_what, line, expected) => {
    const dir = tempDir();
    await listen(dir, async (request) => {
      if (request.command !== 'drain') throw new Error('unexpected');
      return drained;
    });
    const socket = connect(controlSocketPath(dir));
    socket.setEncoding('utf8');
    socket.write(line);
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    expect(text).toMatch(expected);
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
