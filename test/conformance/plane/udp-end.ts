import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { formatIp } from '../../../server/stun/ip-text.ts';
import type { IpAddress, TransportAddress } from '../../../server/stun/transport-address.ts';
import { ip } from '../../support/addresses.ts';

const arrivalTimeoutMs = 5_000;

/** A packet, and the address it came from. */
export interface Arrival {
  readonly bytes: Buffer;
  readonly from: TransportAddress;
}

/** A UDP socket of a client, a peer or a bystander, which hands out what arrives one by one. */
export class UdpEnd {
  readonly address: TransportAddress;
  readonly #socket: Socket;
  readonly #arrivals: Arrival[] = [];
  readonly #waiting: ((arrival: Arrival) => void)[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.address = { ip: ip(socket.address().address), port: socket.address().port };
    socket.on('message', (bytes, remote) => {
      const arrival = { bytes, from: { ip: ip(remote.address), port: remote.port } };
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#arrivals.push(arrival);
      else waiting(arrival);
    });
  }

  static async bind(address: IpAddress, port = 0): Promise<UdpEnd> {
    const socket = createSocket({ type: address.family === 4 ? 'udp4' : 'udp6', ipv6Only: address.family === 6 });
    socket.bind(port, formatIp(address));
    await once(socket, 'listening');
    return new UdpEnd(socket);
  }

  /** Sends and waits until the kernel has it: on loopback it is then in the receiver's buffer. */
  send(bytes: Uint8Array, to: TransportAddress): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(bytes, to.port, formatIp(to.ip), (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
  }

  /** The next packet; fails when none comes. */
  next(): Promise<Arrival> {
    const arrived = this.#arrivals.shift();
    if (arrived !== undefined) return Promise.resolve(arrived);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no packet arrived')), arrivalTimeoutMs);
      this.#waiting.push((arrival) => {
        clearTimeout(timer);
        resolve(arrival);
      });
    });
  }

  /** How many packets have arrived and were not taken. */
  get pending(): number {
    return this.#arrivals.length;
  }

  async close(): Promise<void> {
    this.#socket.close();
    await once(this.#socket, 'close');
  }
}
