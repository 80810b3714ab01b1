import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { bindingRequest, streamTransports, until } from './stream-bench.ts';

const echoProgram = fileURLToPath(new URL('./echo-process.ts', import.meta.url));

test.each(streamTransports)(
  'SECURITY.md 10: a %s listener out of descriptors lives, and serves again when some are free',
  async (transport) => {
    const child = spawn('sh', ['-c', 'ulimit -n 40; exec "$0" "$1" "$2"', process.execPath, echoProgram, transport], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => {
      child.kill();
    });
    const [firstLine] = (await once(createInterface(child.stdout), 'line')) as [string];
    const port = Number(firstLine);
    const sockets = Array.from({ length: 60 }, () => open(transport, port));
    await until(() => sockets.filter((socket) => socket.closed).length > 20);
    const served = sockets.filter((socket) => !socket.closed);
    expect(served.length).toBeGreaterThan(0);
    for (const socket of served) socket.destroy();

    // Until the listener has read those ends, it turns newcomers away.
    let late = open(transport, port);
    await until(() => {
      if (late.closed) late = open(transport, port);
      return late.bytesRead > 0;
    });
    expect(child.exitCode).toBe(null);
    late.destroy();
  },
);

/** A connection that asks for an echo. */
function open(transport: 'tcp' | 'tls', port: number): Socket {
  const options = { host: '127.0.0.1', port, rejectUnauthorized: false };
  const socket = transport === 'tls' ? connectTls(options) : connect(options);
  socket.on('error', () => undefined);
  socket.resume();
  socket.write(bindingRequest());
  return socket;
}
