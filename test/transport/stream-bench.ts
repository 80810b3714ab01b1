import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { StreamClient } from '../../server/seam/client.ts';
import { formatIp } from '../../server/stun/ip-text.ts';
import { ipv4, ipv6 } from '../../server/stun/transport-address.ts';
import type { IpAddress, TransportAddress } from '../../server/stun/transport-address.ts';
import { StreamClients } from '../../server/transport/stream-clients.ts';
import type { StreamLimits } from '../../server/transport/stream-limits.ts';
import { TcpListener } from '../../server/transport/tcp-listener.ts';

export const loopback4 = ipv4(0x7f000001);
export const loopback6 = ipv6(0, 0, 0, 1);

/** What the streams under test reported, in order. */
export interface Seen {
  readonly frames: { readonly bytes: Uint8Array; readonly client: StreamClient }[];
  readonly gone: StreamClient[];
}

/** A listener with its streams on a free loopback port, closed when the test ends. */
export interface StreamBench {
  readonly streams: StreamClients;
  readonly listener: TcpListener;
  readonly address: TransportAddress;
  readonly seen: Seen;
  /** Connects a plain TCP client, and waits until the server has it or has turned it away. */
  connect(options?: { localAddress?: string }): Promise<Socket>;
  /** Connects without waiting for the server. */
  connectUnhandled(): Promise<Socket>;
  /** Connects a client that makes itself known by a frame, and returns the server's handle of it too. */
  connectKnown(): Promise<{ socket: Socket; client: StreamClient }>;
}

/** Starts a bench. `onFrame` is called after the frame was noted. */
export async function openStreamBench(
  options: {
    readonly ip?: IpAddress;
    readonly limits?: Partial<StreamLimits>;
    readonly onFrame?: (frame: Uint8Array, client: StreamClient) => void;
  } = {},
): Promise<StreamBench> {
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
  const listener = new TcpListener({ ip: options.ip ?? loopback4, port: 0 }, streams);
  const address = await listener.listen();
  const sockets: Socket[] = [];
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    listener.close();
    await streams.closeAll();
  });

  const openUnhandled = async (connectOptions: { localAddress?: string } = {}): Promise<Socket> => {
    const socket = connect({ host: formatIp(address.ip), port: address.port, noDelay: true, ...connectOptions });
    sockets.push(socket);
    socket.on('error', () => undefined);
    // A connection that is turned away may be reset before it is seen to be open.
    await new Promise((resolve) => {
      socket.once('connect', resolve).once('close', resolve);
    });
    return socket;
  };
  const open = async (connectOptions: { localAddress?: string } = {}): Promise<Socket> => {
    const handled = countHandled(streams) + 1;
    const socket = await openUnhandled(connectOptions);
    await until(() => countHandled(streams) >= handled);
    return socket;
  };
  const openKnown = async (): Promise<{ socket: Socket; client: StreamClient }> => {
    const before = seen.frames.length;
    const socket = await open();
    socket.write(bindingRequest());
    await until(() => seen.frames.length > before);
    return { socket, client: seen.frames[before]!.client };
  };
  return { streams, listener, address, seen, connect: open, connectUnhandled: openUnhandled, connectKnown: openKnown };
}

function countHandled(streams: StreamClients): number {
  const { accepted, refusedFull, refusedAddressFull } = streams.counters;
  return accepted + refusedFull + refusedAddressFull;
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
