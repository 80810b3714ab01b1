import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { StreamFramer } from '../../../server/stun/stream-framing.ts';
import { PatientClient, type Wire } from '../../../test/security/patient-client.ts';
import type { Census } from './census.ts';
import type { Caller, SoakTarget } from './soak-load.ts';

/** A TURN client whose end can be abrupt. */
export interface SoakClient {
  readonly turn: PatientClient;
  /** Ends a stream by RST; a UDP socket simply falls silent. */
  reset(): void;
}

/** Called with every ChannelData message and every indication. */
type OnMedia = (bytes: Uint8Array) => void;

/** Opens a caller's way to the server. Rejects with the system's error when the server does not let him in. */
export async function openClient(
  target: SoakTarget,
  caller: Caller,
  census: Census,
  onMedia: OnMedia,
): Promise<SoakClient> {
  const client = await (caller.transport === 'udp'
    ? overUdp(target, caller, census)
    : overStream(target, caller, census));
  client.turn.onMedia = onMedia;
  return client;
}

async function overUdp(target: SoakTarget, { localIp, credential }: Caller, census: Census): Promise<SoakClient> {
  const socket = createSocket({ type: 'udp4', lookup: (host, _options, callback) => callback(null, host, 4) });
  socket.on('error', (error) => census.fail(`UDP socket: ${systemCode(error)}`));
  // With a lookup that answers at once, so do these.
  const listening = once(socket, 'listening');
  socket.bind(0, localIp);
  await listening;
  const connected = once(socket, 'connect');
  socket.connect(target.port, '127.0.0.1');
  await connected;
  let lastRequest = '';
  const turn = PatientClient.over(credential, (receive) => {
    socket.on('message', receive);
    return {
      isReliable: false,
      transmit: (bytes) => {
        const request = requestId(bytes);
        if (request !== null && request === lastRequest) census.counts.retransmissions += 1;
        lastRequest = request ?? lastRequest;
        socket.send(bytes);
      },
      close: () => socket.close(),
    };
  });
  return { turn, reset: () => turn.close() };
}

/** The transaction of a STUN request; null for everything else. */
function requestId(bytes: Uint8Array): string | null {
  const isRequest = ((bytes[0] ?? 0) & 0xc1) === 0 && ((bytes[1] ?? 0) & 0x10) === 0;
  return isRequest ? Buffer.from(bytes.subarray(8, 20)).toString('hex') : null;
}

async function overStream(target: SoakTarget, caller: Caller, census: Census): Promise<SoakClient> {
  const { transport, localIp, credential } = caller;
  const port = transport === 'tls' ? target.tlsPort : target.port;
  const tcp = connect({ host: '127.0.0.1', port, localAddress: localIp, noDelay: true });
  await once(tcp, 'connect');
  const socket = transport === 'tls' ? await secured(tcp, target) : tcp;
  let isLeaving = false;
  const onError = (error: Error): void => {
    if (!isLeaving) census.fail(`${transport} stream: ${systemCode(error)}`);
  };
  socket.on('error', onError);
  socket.on('end', () => {
    if (!isLeaving) census.fail(`${transport} stream: ended by the server`);
  });
  const wire = (receive: (message: Uint8Array) => void): Wire => {
    const framer = new StreamFramer({ maxFrameBytes: 65_555, channelRange: 'rfc8656' });
    socket.on('data', (chunk: Uint8Array) => framer.push(chunk, receive));
    return {
      isReliable: true,
      // All that a soak's clients send is a multiple of four bytes long: no padding is needed (RFC 8656 section 12.5).
      transmit: (bytes) => void socket.write(bytes),
      close: () => {
        isLeaving = true;
        socket.destroy();
      },
    };
  };
  const turn = PatientClient.over(credential, wire);
  const reset = (): void => {
    isLeaving = true;
    tcp.resetAndDestroy();
    socket.destroy();
  };
  return { turn, reset };
}

/** Completes the TLS handshake on a connection. */
export async function secured(tcp: Socket, target: SoakTarget): Promise<Socket> {
  const socket = connectTls({ socket: tcp, host: '127.0.0.1', secureContext: target.trust });
  await once(socket, 'secureConnect');
  return socket;
}

/** What the system, or OpenSSL, calls an error. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
