import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { onTestFinished } from 'vitest';
import type { StreamClient } from '../../server/seam/client.ts';
import { formatIp } from '../../server/stun/ip-text.ts';
import { ipv4, ipv6 } from '../../server/stun/transport-address.ts';
import type { IpAddress, TransportAddress } from '../../server/stun/transport-address.ts';
import { StreamClients } from '../../server/transport/stream-clients.ts';
import type { StreamLimits } from '../../server/transport/stream-limits.ts';
import { TcpListener } from '../../server/transport/tcp-listener.ts';
import { TlsAcceptor } from '../../server/transport/tls-acceptor.ts';
import type { TlsLimits } from '../../server/transport/tls-limits.ts';
import { TlsListener } from '../../server/transport/tls-listener.ts';
import type { TlsMaterial } from '../../server/transport/tls-material.ts';
import { makeCertificate } from '../support/certificates.ts';

export const loopback4 = ipv4(0x7f000001);
export const loopback6 = ipv6(0, 0, 0, 1);

/** The kinds of streams there are: what holds for one holds for the other. */
export const streamTransports = ['tcp', 'tls'] as const;

/** What the streams under test reported, in order. */
export interface Seen {
  readonly frames: { readonly bytes: Uint8Array; readonly client: StreamClient }[];
  readonly gone: StreamClient[];
}

/** How a test client connects. */
export interface BenchConnectOptions {
  readonly localAddress?: string;
  /** For a client of TLS; a certificate is not looked at unless this says so. */
  readonly tls?: ConnectionOptions;
}

/** A listener with its streams on a free loopback port, closed when the test ends. */
export interface StreamBench {
  readonly streams: StreamClients;
  readonly listener: TcpListener | TlsListener;
  /** What shakes hands on a bench of TLS. */
  readonly acceptor: TlsAcceptor;
  readonly address: TransportAddress;
  readonly seen: Seen;
  /** Connections that are streams, were streams, or were turned away. */
  handled(): number;
  /** Connects a client, and waits until the server has it, handshake included, or has turned it away. */
  connect(options?: BenchConnectOptions): Promise<Socket>;
  /** Connects without waiting for the server to have it. */
  connectUnhandled(options?: BenchConnectOptions): Promise<Socket>;
  /** Connects a plain TCP client even to a bench of TLS, and waits for the TCP connection only. */
  connectTcp(options?: BenchConnectOptions): Promise<Socket>;
  /** Connects a client that makes itself known by a frame, and returns the server's handle of it too. */
  connectKnown(options?: BenchConnectOptions): Promise<{ socket: Socket; client: StreamClient }>;
  /** Ends a client by a reset. */
  reset(socket: Socket): void;
  /** The TCP connection beneath a client; its own socket where there is no TLS. */
  beneath(socket: Socket): Socket;
}

/** What a bench is made with. */
export interface StreamBenchOptions {
  readonly transport?: (typeof streamTransports)[number];
  readonly ip?: IpAddress;
  readonly limits?: Partial<StreamLimits>;
  readonly tlsLimits?: Partial<TlsLimits>;
  readonly material?: TlsMaterial;
  /** Called after the frame was noted. */
  readonly onFrame?: (frame: Uint8Array, client: StreamClient) => void;
}

/** Starts a bench. */
export async function openStreamBench(options: StreamBenchOptions = {}): Promise<StreamBench> {
  const { transport = 'tcp', ip = loopback4 } = options;
  const seen: Seen = { frames: [], gone: [] };
  const streams = new StreamClients({
    channelRange: 'rfc8656',
    events: {
      onFrame: (frame, client) => {
        seen.frames.push({ bytes: new Uint8Array(frame), client });
        options.onFrame?.(frame, client);
      },
      onGone: (client) => {
        seen.gone.push(client);
      },
    },
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  });
  const acceptor = new TlsAcceptor({
    streams,
    material: options.material ?? makeCertificate({ names: ['turn.example.org'] }),
    ...(options.tlsLimits === undefined ? {} : { limits: options.tlsLimits }),
  });
  const listener =
    transport === 'tcp' ? new TcpListener({ ip, port: 0 }, streams) : new TlsListener({ ip, port: 0 }, acceptor);
  const address = await listener.listen();
  const clients = new BenchClients(transport, address);
  onTestFinished(async () => {
    clients.destroy();
    listener.close();
    await streams.closeAll();
  });

  const handled = (): number => {
    const { accepted, refusedFull, refusedAddressFull } = streams.counters;
    return accepted + refusedFull + refusedAddressFull - acceptor.waiting - acceptor.handshaking;
  };
  const open = async (connectOptions: BenchConnectOptions = {}): Promise<Socket> => {
    const before = handled();
    const socket = await clients.connect(connectOptions);
    await until(() => handled() > before);
    return socket;
  };
  const openKnown = async (connectOptions?: BenchConnectOptions): Promise<{ socket: Socket; client: StreamClient }> => {
    const before = seen.frames.length;
    const socket = await open(connectOptions);
    socket.write(bindingRequest());
    await until(() => seen.frames.length > before);
    return { socket, client: seen.frames[before]!.client };
  };
  return {
    ...{ streams, acceptor, listener, address, seen, handled },
    connect: open,
    connectUnhandled: (connectOptions) => clients.connect(connectOptions),
    connectTcp: (connectOptions) => clients.connectTcp(connectOptions),
    connectKnown: openKnown,
    reset: (socket) => {
      clients.beneath(socket).resetAndDestroy();
    },
    beneath: (socket) => clients.beneath(socket),
  };
}

/** The clients of a bench. */
class BenchClients {
  readonly #transport: 'tcp' | 'tls';
  readonly #address: TransportAddress;
  /** Each with the TCP connection beneath. */
  readonly #sockets = new Map<Socket, Socket>();

  constructor(transport: 'tcp' | 'tls', address: TransportAddress) {
    this.#transport = transport;
    this.#address = address;
  }

  async connect(options: BenchConnectOptions = {}): Promise<Socket> {
    if (this.#transport === 'tcp') return this.connectTcp(options);
    const tcp = await this.connectTcp(options);
    if (tcp.destroyed) return tcp;
    const socket = connectTls({ socket: tcp, rejectUnauthorized: false, ...options.tls });
    this.#sockets.set(socket, tcp);
    await settled(socket, 'secureConnect');
    return socket;
  }

  async connectTcp(options: BenchConnectOptions = {}): Promise<Socket> {
    const { localAddress } = options;
    const { ip, port } = this.#address;
    const local = localAddress === undefined ? {} : { localAddress };
    const socket = connect({ host: formatIp(ip), port, noDelay: true, ...local });
    this.#sockets.set(socket, socket);
    await settled(socket, 'connect');
    return socket;
  }

  beneath(socket: Socket): Socket {
    return this.#sockets.get(socket) ?? socket;
  }

  destroy(): void {
    // TLS before the TCP beneath it: node does not survive the other order from inside an event of TLS.
    for (const socket of [...this.#sockets.keys()].reverse()) socket.destroy();
  }
}

/** Waits until a client is connected or not to be. One that is turned away may be reset before it is seen to be open. */
async function settled(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  socket.on('error', () => undefined);
  if (socket.closed) return;
  await new Promise((resolve) => {
    socket.once(event, resolve).once('close', resolve);
  });
}

/** Waits for what other sockets bring about; fails after 5 s. */
export async function until(condition: () => boolean): Promise<void> {
  const deadlineMs = Date.now() + 5000;
  while (!condition()) {
    if (Date.now() > deadlineMs) throw new Error(`still not so after 5 s: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** A Binding request without attributes: 20 bytes. */
export function bindingRequest(): Uint8Array {
  return Uint8Array.of(0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
}

/** A ChannelData message as it stands in a frame, without stream padding (RFC 8656 section 12.4). */
export function channelData(channel: number, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + data.length);
  new DataView(bytes.buffer).setUint16(0, channel);
  new DataView(bytes.buffer).setUint16(2, data.length);
  bytes.set(data, 4);
  return bytes;
}

/** A frame as it travels on a stream: padded with zeros to a multiple of four bytes (RFC 8656 section 12.5). */
export function padded(frame: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(frame.length / 4) * 4);
  bytes.set(frame);
  return bytes;
}

/** Reads until the stream has brought `length` bytes, or ended. */
export async function readBytes(socket: Socket, length: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let received = 0;
  socket.on('data', (chunk) => {
    chunks.push(chunk as Uint8Array);
    received += chunk.length;
  });
  await until(() => received >= length || socket.closed);
  return Buffer.concat(chunks);
}
