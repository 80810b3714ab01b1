import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { bindingRequest, until } from './stream-bench.ts';

const echoProgram = fileURLToPath(new URL('./echo-process.ts', import.meta.url));

test('SECURITY.md 10: a listener out of descriptors lives, and serves again when some are free', async () => {
  const child = spawn('sh', ['-c', 'ulimit -n 40; exec "$0" "$1"', process.execPath, echoProgram], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    child.kill();
  });
  const [firstLine] = (await once(createInterface(child.stdout), 'line')) as [string];
  const port = Number(firstLine);
  const sockets = Array.from({ length: 60 }, () => open(port));
  await until(() => sockets.filter((socket) => socket.closed).length > 20);
  const served = sockets.filter((socket) => !socket.closed);
  expect(served.length).toBeGreaterThan(0);
  for (const socket of served) socket.destroy();

  // Until the listener has read those ends, it turns newcomers away.
  let late = open(port);
  await until(() => {
    if (late.closed) late = open(port);
    return late.bytesRead > 0;
  });
  expect(child.exitCode).toBe(null);
  late.destroy();
});

/** A connection that asks for an echo. */
function open(port: number): Socket {
  const socket = connect({ host: '127.0.0.1', port });
  socket.on('error', () => undefined);
  socket.resume();
  socket.write(bindingRequest());
  return socket;
}
