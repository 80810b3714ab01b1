import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { longTermKey } from '../../server/credentials/long-term-key.ts';
import { readXorAddress } from '../../server/stun/addresses.ts';
import { readErrorCode } from '../../server/stun/error-code.ts';
import { formatIp } from '../../server/stun/ip-text.ts';
import { attribute, attributes, decodeMessage, MessageWriter, type Message } from '../../server/stun/message.ts';
import { AttributeType, Method } from '../../server/stun/registry.ts';
import { StreamFramer } from '../../server/stun/stream-framing.ts';
import type { TransportAddress } from '../../server/stun/transport-address.ts';
import {
  udpProtocol,
  writeAdditionalAddressFamily,
  writeChannelNumber,
  writeLifetime,
  writeRequestedTransport,
} from '../../server/stun/turn-attributes.ts';

/** RFC 8489 section 6.2.1: the waits after each transmission. After the last one the request has failed. */
const waitsMs = [500, 1000, 2000, 4000, 8000, 16_000, 8000];

/** Who a client says it is. */
export interface Credential {
  readonly username: string;
  readonly password: string;
}

/** An answer to a request: the error code, 0 for success, or null when none came. */
export interface Answer {
  readonly code: number | null;
  readonly message: Message | null;
}

/** What a client's packets go over. */
export interface Wire {
  readonly isReliable: boolean;
  transmit(bytes: Uint8Array): void;
  close(): void;
}

type Fill = (writer: MessageWriter) => void;

/** A TURN client that retransmits as a browser does, for places where packets are lost on purpose or under load. */
export class PatientClient {
  /** Called with every ChannelData message and every indication. */
  onMedia: (bytes: Uint8Array) => void = () => undefined;
  readonly #credential: Credential;
  readonly #waiting = new Map<string, (message: Message) => void>();
  #wire: Wire | undefined;
  #nonce: Uint8Array | undefined;
  #realm = '';
  #key: Uint8Array = new Uint8Array();

  private constructor(credential: Credential) {
    this.#credential = credential;
  }

  /** A client on a wire that the caller opens; `open` is given what is to hear each message that arrives. */
  static over(credential: Credential, open: (receive: (message: Uint8Array) => void) => Wire): PatientClient {
    const client = new PatientClient(credential);
    client.#wire = open((message) => client.#receive(message));
    return client;
  }

  /** A client with a UDP socket of its own, on `localIp` when that is given. */
  static async overUdp(server: TransportAddress, credential: Credential, localIp?: string): Promise<PatientClient> {
    const client = new PatientClient(credential);
    const address = formatIp(server.ip);
    // Without a lookup of its own node:dgram asks the system for every packet's address.
    const socket = createSocket({
      type: server.ip.family === 4 ? 'udp4' : 'udp6',
      lookup: (host, _options, callback) => callback(null, host, server.ip.family),
    });
    socket.on('message', (bytes, from) => {
      // An answer from another address than was called is none: no NAT and no browser lets it through.
      if (from.address === address && from.port === server.port) client.#receive(bytes);
    });
    const listening = once(socket, 'listening');
    socket.bind(0, localIp);
    await listening;
    client.#wire = {
      isReliable: false,
      transmit: (bytes) => socket.send(bytes, server.port, address),
      close: () => socket.close(),
    };
    return client;
  }

  /** A client with a TCP connection of its own. */
  static async overTcp(server: TransportAddress, credential: Credential): Promise<PatientClient> {
    const client = new PatientClient(credential);
    const socket = connect(server.port, formatIp(server.ip));
    await once(socket, 'connect');
    socket.setNoDelay();
    const framer = new StreamFramer({ maxFrameBytes: 65_555, channelRange: 'rfc8656' });
    socket.on('data', (chunk: Uint8Array) => framer.push(chunk, (frame) => client.#receive(frame)));
    client.#wire = {
      isReliable: true,
      transmit: (bytes) => void socket.write(paddedToFour(bytes)),
      close: () => socket.destroy(),
    };
    return client;
  }

  /** Ends the client without a word to the server. */
  close(): void {
    this.#wire?.close();
  }

  /** Allocates an IPv4 relay, and with `both` an IPv6 one as well (RFC 8656 section 7.1). */
  allocate(families: 'ipv4' | 'both' = 'ipv4'): Promise<Answer> {
    return this.#request(Method.allocate, (writer) => {
      writeRequestedTransport(writer, udpProtocol);
      if (families === 'both') writeAdditionalAddressFamily(writer, 6);
    });
  }

  refresh(lifetimeS: number): Promise<Answer> {
    return this.#request(Method.refresh, (writer) => void writeLifetime(writer, lifetimeS));
  }

  permit(peer: TransportAddress): Promise<Answer> {
    return this.#request(Method.createPermission, (writer) => writer.xorAddress(AttributeType.xorPeerAddress, peer));
  }

  bindChannel(channel: number, peer: TransportAddress): Promise<Answer> {
    return this.#request(Method.channelBind, (writer) =>
      writeChannelNumber(writer, channel).xorAddress(AttributeType.xorPeerAddress, peer),
    );
  }

  /** Signs with another nonce from now on: with one that the server did not issue, its next request is challenged anew. */
  changeNonce(nonce: Uint8Array): void {
    this.#nonce = nonce;
  }

  /** Sends a Send indication (RFC 8656 section 11.1). */
  sendTo(peer: TransportAddress, data: Uint8Array): void {
    const writer = new MessageWriter(Method.send, 'indication', randomBytes(12));
    this.#transmit(writer.xorAddress(AttributeType.xorPeerAddress, peer).attribute(AttributeType.data, data).finish());
  }

  /** Sends ChannelData (RFC 8656 section 12.4). */
  sendChannel(channel: number, data: Uint8Array): void {
    this.#transmit(Uint8Array.of(channel >> 8, channel & 0xff, data.length >> 8, data.length & 0xff, ...data));
  }

  /** Sends a request; answers one challenge. */
  async #request(method: number, fill: Fill): Promise<Answer> {
    const isOpening = this.#nonce === undefined;
    const first = await this.#transact(method, fill);
    if (first.message === null || !(first.code === 438 || (first.code === 401 && isOpening))) return first;
    this.#acceptChallenge(first.message);
    return this.#transact(method, fill);
  }

  #acceptChallenge(message: Message): void {
    const { username, password } = this.#credential;
    this.#realm = new TextDecoder().decode(attribute(message, AttributeType.realm));
    this.#nonce = attribute(message, AttributeType.nonce)?.slice();
    this.#key = longTermKey('md5', username, this.#realm, password);
  }

  async #transact(method: number, fill: Fill): Promise<Answer> {
    const transactionId = randomBytes(12);
    const writer = new MessageWriter(method, 'request', transactionId);
    fill(writer);
    if (this.#nonce !== undefined) {
      writer.text(AttributeType.username, this.#credential.username).text(AttributeType.realm, this.#realm);
      writer.attribute(AttributeType.nonce, this.#nonce).integritySha1(this.#key);
    }
    const message = await this.#answerTo(idOf(transactionId), writer.finish());
    if (message === null) return { code: null, message };
    const error = attribute(message, AttributeType.errorCode);
    return { code: error === undefined ? 0 : (readErrorCode(error)?.code ?? null), message };
  }

  #answerTo(id: string, request: Uint8Array): Promise<Message | null> {
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const finish = (message: Message | null): void => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(message);
      };
      const transmit = ([waitMs, ...waits]: readonly number[]): void => {
        if (waitMs === undefined) return finish(null);
        this.#transmit(request);
        timer = setTimeout(() => transmit(waits), waitMs);
      };
      this.#waiting.set(id, finish);
      transmit(this.#wire?.isReliable === true ? [waitsMs.reduce((sum, waitMs) => sum + waitMs)] : waitsMs);
    });
  }

  #transmit(bytes: Uint8Array): void {
    this.#wire?.transmit(bytes);
  }

  #receive(bytes: Uint8Array): void {
    const message = (bytes[0] ?? 0) < 4 ? decodeMessage(bytes) : 'not-stun';
    if (typeof message === 'string' || message.messageClass === 'indication') this.onMedia(bytes);
    else this.#waiting.get(idOf(message.transactionId))?.(message);
  }
}

/** The relayed transport addresses of an Allocate success, in order (RFC 8656 section 7.3). */
export function relayedAddresses({ message }: Answer): TransportAddress[] {
  if (message === null) return [];
  return attributes(message, AttributeType.xorRelayedAddress)
    .map((value) => readXorAddress(value, message.transactionId))
    .filter((address) => address !== null);
}

function idOf(transactionId: Uint8Array): string {
  return Buffer.from(transactionId).toString('hex');
}

function paddedToFour(bytes: Uint8Array): Uint8Array {
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  padded.set(bytes);
  return padded;
}
