import { connect, type AddressInfo, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { ApiServer, ConnectionLimits } from '../../server/api/http-server.ts';
import { createPublicListener } from '../../server/api/public-listener.ts';
import type { ApplicationPorts, HttpsMaterial } from '../../server/api/public/ports.ts';
import { sourceOfSocket } from '../../server/app/http-listener.ts';

/** A request for `/livez`, whose answer is below. */
export const livez = 'GET /livez HTTP/1.1\r\nHost: turnpike\r\n\r\n';

/** How a public listener answers `livez`. */
export const livezAnswer = /^HTTP\/1\.1 200 /;

/** How a public listener under test is made. */
export interface TestListenerOptions {
  readonly tls?: HttpsMaterial;
  readonly limits?: Partial<ConnectionLimits>;
  readonly applications?: ApplicationPorts;
}

/** A public listener that is closed when the test ends, and does not listen. */
export function publicListener({ tls, limits = {}, applications }: TestListenerOptions = {}): ApiServer {
  const server = createPublicListener(
    {
      tls: tls ?? null,
      readiness: () => ({ ready: true }),
      onFailure: () => undefined,
      applications: applications ?? null,
    },
    { sourceOf: sourceOfSocket, limits },
  );
  onTestFinished(() => server.close());
  return server;
}

/** A public listener on a free port of 127.0.0.1. */
export async function listening(
  options: TestListenerOptions = {},
): Promise<{ readonly server: ApiServer; readonly port: number }> {
  const server = publicListener(options);
  await server.listen({ host: '127.0.0.1', port: 0 });
  return { server, port: (server.server.address() as AddressInfo).port };
}

/** A client, and everything that came to it so far. */
export interface PublicClient {
  readonly socket: Socket;
  readonly received: () => string;
}

/** A TCP connection to a port of 127.0.0.1. One that is turned away may be reset before it is seen to be open. */
export async function connected(port: number, localAddress = '127.0.0.1'): Promise<PublicClient> {
  const client = listened(connect({ host: '127.0.0.1', port, localAddress }));
  await new Promise((resolve) => {
    client.socket.once('connect', resolve).once('close', resolve);
  });
  return client;
}

/** Collects what comes to a socket, which is destroyed when the test ends. */
export function listened(socket: Socket): PublicClient {
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined);
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  return { socket, received: () => text };
}
