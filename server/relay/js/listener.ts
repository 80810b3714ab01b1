import type { RemoteInfo, Socket } from 'node:dgram';
import type { ListenerId } from '../../seam/client.ts';
import type { PlaneEvents } from '../../seam/plane.ts';
import {
  channelDataHeaderLength,
  firstChannelByte,
  lastChannelByte,
  type ChannelRange,
} from '../../stun/channel-data.ts';
import { isSendIndication } from '../../stun/media-frame.ts';
import { headerLength } from '../../stun/registry.ts';
import type { TransportAddress } from '../../stun/transport-address.ts';
import { AddressTable } from './address-table.ts';
import { wordsOf } from './address-words.ts';
import type { AttachedClient } from './attached-client.ts';
import { forwardChannelData, forwardSend } from './client-frames.ts';
import { closeSocket, deliverTo, type BoundSocket, type DatagramReceiver } from './datagram-socket.ts';
import type { Datapath } from './datapath.ts';
import { ListenerSender } from './listener-sender.ts';

/** What a client-facing socket asks the kernel to hold, the most that is granted: all clients of an address share it. */
const bufferBytes = [4 * 1024 * 1024, 1024 * 1024, 256 * 1024] as const;

/** A client-facing socket: forwards media of clients that have a relay, and punts every other STUN message. */
export class Listener implements DatagramReceiver {
  readonly id: ListenerId;
  readonly address: TransportAddress;
  readonly sender: ListenerSender;
  /** The clients that have a relay. Nobody else is remembered. */
  readonly clients: AddressTable<AttachedClient>;
  readonly #socket: Socket;
  readonly #path: Datapath;
  readonly #events: PlaneEvents;
  readonly #lastChannelByte: number;

  constructor(id: ListenerId, bound: BoundSocket, path: Datapath, events: PlaneEvents, channelRange: ChannelRange) {
    this.id = id;
    this.address = bound.address;
    this.#socket = bound.socket;
    this.sender = new ListenerSender(bound.socket);
    this.clients = new AddressTable(path.seed);
    this.#path = path;
    this.#events = events;
    this.#lastChannelByte = lastChannelByte(channelRange);
    enlargeBuffers(bound.socket);
    deliverTo(bound.socket, this);
  }

  /** The client that calls from this address, when it has a relay. */
  client({ ip, port }: TransportAddress): AttachedClient | undefined {
    return this.clients.find(ip.family, wordsOf(ip), port);
  }

  /** A packet from a client or a stranger. Its first byte tells what it is (RFC 8656 section 12, table 3). */
  receive(message: Buffer, remote: RemoteInfo): void {
    const path = this.#path;
    const family = path.address.parse(remote.address);
    const firstByte = message.length < channelDataHeaderLength ? 0xff : message[0]!;
    // Port 0 cannot be answered, and node:dgram throws when it is tried.
    if (family === 0 || remote.port === 0) {
      path.drops.malformed++;
    } else if (firstByte >= firstChannelByte && firstByte <= this.#lastChannelByte) {
      forwardChannelData(this.clients.find(family, path.address.words, remote.port), message, path);
    } else if (firstByte > 3 || message.length < headerLength) {
      path.drops.malformed++;
    } else if (isSendIndication(message)) {
      forwardSend(this.clients.find(family, path.address.words, remote.port), message, path);
    } else {
      this.#events.onClientMessage(message, {
        transport: 'udp',
        listener: this.id,
        local: this.address,
        remote: { ip: path.address.toIp(family), port: remote.port },
      });
    }
  }

  onSocketError(): void {
    this.#path.drops.notSent++;
  }

  /** Closes the socket; its clients' relays stay, and reach nobody. */
  close(): Promise<void> {
    this.sender.end();
    return closeSocket(this.#socket);
  }
}

/** A system that grants less than was asked for, or refuses, leaves a socket that works: it only loses more in a burst. */
function enlargeBuffers(socket: Socket): void {
  for (const grow of [socket.setRecvBufferSize.bind(socket), socket.setSendBufferSize.bind(socket)]) {
    for (const bytes of bufferBytes) {
      try {
        grow(bytes);
        break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ERR_SOCKET_BUFFER_SIZE') throw error;
      }
    }
  }
}
