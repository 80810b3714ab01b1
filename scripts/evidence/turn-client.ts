import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { longTermKey } from '../../server/credentials/long-term-key.ts';
import { readXorAddress } from '../../server/stun/addresses.ts';
import { channelDataHeader } from '../../server/stun/channel-data.ts';
import { readErrorCode } from '../../server/stun/error-code.ts';
import { attribute, decodeMessage, MessageWriter, type Message } from '../../server/stun/message.ts';
import { AttributeType, Method } from '../../server/stun/registry.ts';
import { ipv4, type TransportAddress } from '../../server/stun/transport-address.ts';
import { udpProtocol, writeChannelNumber, writeRequestedTransport } from '../../server/stun/turn-attributes.ts';

const loopback = ipv4(0x7f000001);

/** How long silence is waited for before it counts as an answer. */
export const silenceMs = 300;

/** A UDP socket of 127.0.0.1 that keeps what it receives. */
export class Endpoint {
  readonly received: Uint8Array[] = [];
  readonly #socket: Socket = createSocket('udp4');

  /** Binds any port. */
  async open(): Promise<this> {
    this.#socket.on('message', (bytes) => this.received.push(new Uint8Array(bytes)));
    this.#socket.bind(0, '127.0.0.1');
    await once(this.#socket, 'listening');
    return this;
  }

  /** Where it is bound. */
  get address(): TransportAddress {
    return { ip: loopback, port: this.#socket.address().port };
  }

  /** Sends to a port of 127.0.0.1. */
  send(bytes: Uint8Array, port: number): void {
    this.#socket.send(bytes, port, '127.0.0.1');
  }

  /** The first datagram that `accept` takes, now or soon; undefined when none comes. */
  async first(accept: (bytes: Uint8Array) => boolean): Promise<Uint8Array | undefined> {
    for (let waitedMs = 0; waitedMs <= silenceMs; waitedMs += 10) {
      const found = this.received.find(accept);
      if (found !== undefined) return found;
      await delay(10);
    }
    return undefined;
  }

  close(): void {
    this.#socket.close();
  }
}

/** What a client is known by. */
export interface ClientCredential {
  readonly username: string;
  readonly realm: string;
  readonly password: string;
}

/** A TURN client over UDP with just the requests that the experiments need. */
export class TurnClient {
  readonly endpoint = new Endpoint();
  readonly #serverPort: number;
  readonly #credential: ClientCredential;
  #nonce: Uint8Array = new Uint8Array(0);

  constructor(serverPort: number, credential: ClientCredential) {
    this.#serverPort = serverPort;
    this.#credential = credential;
  }

  /** Opens the socket and asks for an allocation: the relayed address, or the error code that refused it. */
  async allocate(): Promise<TransportAddress | number> {
    await this.endpoint.open();
    const challenge = await this.#exchange(new MessageWriter(Method.allocate, 'request', randomBytes(12)));
    this.#nonce = attribute(challenge, AttributeType.nonce) ?? this.#nonce;
    const answer = await this.#request(Method.allocate, (writer) => writeRequestedTransport(writer, udpProtocol));
    if (answer.messageClass === 'error') return readErrorCode(attributeOf(answer, AttributeType.errorCode))?.code ?? 0;
    const relayed = readXorAddress(attributeOf(answer, AttributeType.xorRelayedAddress), answer.transactionId);
    if (relayed === null) throw new Error('the relayed address cannot be read');
    return relayed;
  }

  /** Permits a peer; true when the server agreed. */
  async permit(peer: TransportAddress): Promise<boolean> {
    const answer = await this.#request(Method.createPermission, (writer) =>
      writer.xorAddress(AttributeType.xorPeerAddress, peer),
    );
    return answer.messageClass === 'success';
  }

  /** Binds a channel; true when the server agreed. */
  async bindChannel(channel: number, peer: TransportAddress): Promise<boolean> {
    const answer = await this.#request(Method.channelBind, (writer) =>
      writeChannelNumber(writer, channel).xorAddress(AttributeType.xorPeerAddress, peer),
    );
    return answer.messageClass === 'success';
  }

  /** Sends to a peer by a Send indication. */
  sendIndication(peer: TransportAddress, data: Uint8Array): void {
    const writer = new MessageWriter(Method.send, 'indication', randomBytes(12));
    writer.xorAddress(AttributeType.xorPeerAddress, peer).attribute(AttributeType.data, data);
    this.endpoint.send(writer.finish(), this.#serverPort);
  }

  /** Sends on a channel. */
  sendOnChannel(channel: number, data: Uint8Array): void {
    this.endpoint.send(Buffer.concat([channelDataHeader(channel, data.length), data]), this.#serverPort);
  }

  #request(method: number, write: (writer: MessageWriter) => MessageWriter): Promise<Message> {
    const { username, realm, password } = this.#credential;
    const writer = write(new MessageWriter(method, 'request', randomBytes(12)))
      .text(AttributeType.username, username)
      .text(AttributeType.realm, realm)
      .attribute(AttributeType.nonce, this.#nonce)
      .integritySha1(longTermKey('md5', username, realm, password));
    return this.#exchange(writer);
  }

  async #exchange(writer: MessageWriter): Promise<Message> {
    const request = writer.finish();
    this.endpoint.send(request, this.#serverPort);
    const sameTransaction = (bytes: Uint8Array) => Buffer.from(bytes.subarray(8, 20)).equals(request.subarray(8, 20));
    const answer = await this.endpoint.first(sameTransaction);
    if (answer === undefined) throw new Error('the server did not answer');
    const message = decodeMessage(answer);
    if (typeof message === 'string') throw new Error(`the server answered with bytes that are ${message}`);
    return message;
  }
}

function attributeOf(message: Message, type: number): Uint8Array {
  const value = attribute(message, type);
  if (value === undefined) throw new Error(`the answer has no attribute 0x${type.toString(16)}`);
  return value;
}
