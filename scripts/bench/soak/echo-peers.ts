import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { parseIp } from '../../../server/stun/ip-text.ts';
import type { TransportAddress } from '../../../server/stun/transport-address.ts';

/** So many share the media, so that the queue of none overflows while this process is busy. */
const peers = 32;
const queueBytes = 4 * 1024 * 1024;

/** Peers that send back what they get. */
export class EchoPeers {
  readonly #sockets: readonly Socket[];

  private constructor(sockets: readonly Socket[]) {
    this.#sockets = sockets;
  }

  /** Opens them on 127.0.0.1. */
  static async open(): Promise<EchoPeers> {
    return new EchoPeers(await Promise.all(Array.from({ length: peers }, openPeer)));
  }

  /** The peer of a caller. */
  of(caller: number): TransportAddress {
    const socket = this.#sockets[caller % peers];
    const ip = parseIp('127.0.0.1');
    if (socket === undefined || ip === null) throw new Error('there is a peer for every caller');
    return { ip, port: socket.address().port };
  }

  close(): void {
    for (const socket of this.#sockets) socket.close();
  }
}

async function openPeer(): Promise<Socket> {
  const socket = createSocket({
    type: 'udp4',
    recvBufferSize: queueBytes,
    lookup: (host, _options, callback) => callback(null, host, 4),
  });
  socket.on('message', (bytes, from) => socket.send(bytes, from.port, from.address));
  const listening = once(socket, 'listening');
  socket.bind(0, '127.0.0.1');
  await listening;
  return socket;
}
