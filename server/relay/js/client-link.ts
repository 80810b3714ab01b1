import type { StreamClient } from '../../seam/client.ts';
import { writeUint16 } from '../../stun/byte-access.ts';
import { maxChannelDataPayload, maxDataPayload, type DataIndicationWriter } from './data-indication.ts';
import type { ListenerSender } from './listener-sender.ts';
import type { Channel, Peer } from './peer-table.ts';
import type { StreamSender } from './stream-sender.ts';

/** The way to a client: what a relay received is packed and sent. Both answer false when the packet cannot be sent. */
export interface ClientLink {
  /** As ChannelData (RFC 8656 section 12.7). */
  sendChannelData(channel: Channel, payload: Buffer): boolean;
  /** As a Data indication (RFC 8656 section 11.3). */
  sendData(peer: Peer, port: number, payload: Buffer): boolean;
}

/** The way to a client on UDP. */
export class UdpClientLink implements ClientLink {
  readonly #sender: ListenerSender;
  readonly #data: DataIndicationWriter;
  readonly #address: string;
  readonly #port: number;

  constructor(sender: ListenerSender, data: DataIndicationWriter, address: string, port: number) {
    this.#sender = sender;
    this.#data = data;
    this.#address = address;
    this.#port = port;
  }

  sendChannelData(channel: Channel, payload: Buffer): boolean {
    const sender = this.#sender;
    const length = payload.length;
    if (length > maxChannelDataPayload || !sender.admits(length)) return false;
    const header = sender.channelDataHeaders.take();
    header[0] = channel.number >>> 8;
    header[1] = channel.number;
    header[2] = length >>> 8;
    header[3] = length;
    sender.send(header, payload, 0, this.#port, this.#address);
    return true;
  }

  sendData(peer: Peer, port: number, payload: Buffer): boolean {
    const sender = this.#sender;
    const length = payload.length;
    if (length > maxDataPayload || !sender.admits(length)) return false;
    const header = (peer.family === 4 ? sender.dataHeadersIpv4 : sender.dataHeadersIpv6).take();
    this.#data.write(header, peer, port, length);
    sender.send(header, payload, -length & 3, this.#port, this.#address);
    return true;
  }
}

/** The way to a client on a stream. What is too much for the client is for its transport to drop. */
export class StreamClientLink implements ClientLink {
  readonly #sender: StreamSender;
  readonly #data: DataIndicationWriter;
  readonly #client: StreamClient;

  constructor(sender: StreamSender, data: DataIndicationWriter, client: StreamClient) {
    this.#sender = sender;
    this.#data = data;
    this.#client = client;
  }

  sendChannelData(channel: Channel, payload: Buffer): boolean {
    const header = this.#sender.channelDataHeader;
    writeUint16(header, 0, channel.number);
    writeUint16(header, 2, payload.length);
    this.#sender.send(this.#client, header, payload);
    return true;
  }

  sendData(peer: Peer, port: number, payload: Buffer): boolean {
    if (payload.length > maxDataPayload) return false;
    const header = peer.family === 4 ? this.#sender.dataHeaderIpv4 : this.#sender.dataHeaderIpv6;
    this.#data.write(header, peer, port, payload.length);
    this.#sender.send(this.#client, header, payload);
    return true;
  }
}
