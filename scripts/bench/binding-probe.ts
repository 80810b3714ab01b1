import { createSocket } from 'node:dgram';
import { setTimeout as delay } from 'node:timers/promises';

const bindingRequest = Buffer.from('000100002112a442' + '62656e63682d70726f626521', 'hex');
const askAgainMs = 2;

/** Asks a server on 127.0.0.1 for its first answer to a Binding request. Throws when none comes in time. */
export async function awaitBinding(port: number, timeoutMs: number): Promise<void> {
  const socket = createSocket('udp4');
  const abort = new AbortController();
  const answered = new Promise<true>((resolve) => {
    socket.on('message', () => resolve(true));
  });
  // Until the server listens, the system answers a connected socket's packets with an error, which says "not yet".
  socket.on('error', () => undefined);
  try {
    for (let waitedMs = 0; waitedMs < timeoutMs; waitedMs += askAgainMs) {
      socket.send(bindingRequest, port, '127.0.0.1');
      if (await Promise.race([answered, delay(askAgainMs, false, { signal: abort.signal })])) return;
    }
  } finally {
    abort.abort();
    socket.close();
  }
  throw new Error(`nothing answered a Binding request on 127.0.0.1:${port} within ${timeoutMs} ms`);
}

/** A UDP port of 127.0.0.1 below the relay range that nobody has now. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const socket = createSocket('udp4');
    const free = await new Promise<boolean>((resolve) => {
      socket.once('error', () => resolve(false));
      socket.bind(port, '127.0.0.1', () => resolve(true));
    });
    socket.close();
    if (free) return port;
  }
}
