import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket as TcpSocket } from 'node:net';
import { randomBytes } from 'node:crypto';
import { connect as connectTls } from 'node:tls';
import { longTermKey } from '../../server/credentials/long-term-key.ts';
import { readXorAddress } from '../../server/stun/addresses.ts';
import { readErrorCode } from '../../server/stun/error-code.ts';
import { formatIp } from '../../server/stun/ip-text.ts';
import { attribute, decodeMessage, MessageWriter, type Message } from '../../server/stun/message.ts';
import { AttributeType, Method } from '../../server/stun/registry.ts';
import { StreamFramer } from '../../server/stun/stream-framing.ts';
import type { TransportAddress } from '../../server/stun/transport-address.ts';

const answerTimeoutMs = 5_000;

/** Who the client says it is. */
export interface TurnCredential {
  readonly username: string;
  readonly password: string;
}

/** An answer to a request: the error code, or 0 for success. */
export interface TurnAnswer {
  readonly code: number;
  readonly message: Message;
}

type Fill = (writer: MessageWriter) => void;

/** A small TURN client on a real socket: what the tests need to be on the other side of an appliance. */
export class TurnClient {
  readonly #credential: TurnCredential;
  readonly #transmit: (bytes: Uint8Array) => void;
  readonly #close: () => void;
  readonly #waiting = new Map<string, (message: Message) => void>();
  readonly #media: Uint8Array[] = [];
  #onMedia: ((bytes: Uint8Array) => void) | undefined;
  #realm = '';
  #nonce: Uint8Array = new Uint8Array();

  private constructor(credential: TurnCredential, transmit: (bytes: Uint8Array) => void, close: () => void) {
    this.#credential = credential;
    this.#transmit = transmit;
    this.#close = close;
  }

  static async overUdp(server: TransportAddress, credential: TurnCredential): Promise<TurnClient> {
    const socket: UdpSocket = createSocket(server.ip.family === 4 ? 'udp4' : 'udp6');
    socket.bind(0, server.ip.family === 4 ? '127.0.0.1' : '::1');
    await once(socket, 'listening');
    const client = new TurnClient(
      credential,
      (bytes) => socket.send(bytes, server.port, formatIp(server.ip)),
      () => socket.close(),
    );
    socket.on('message', (bytes) => client.#receive(bytes));
    return client;
  }

  static async overTcp(server: TransportAddress, credential: TurnCredential): Promise<TurnClient> {
    const socket = connect(server.port, formatIp(server.ip));
    await once(socket, 'connect');
    return TurnClient.#overStream(socket, credential);
  }

  /** Trusts `certificate` alone, a PEM text, for `serverName`. */
  static async overTls(
    server: TransportAddress,
    credential: TurnCredential,
    trust: { readonly certificate: string; readonly serverName: string },
  ): Promise<TurnClient> {
    const socket = connectTls({
      port: server.port,
      host: formatIp(server.ip),
      ca: trust.certificate,
      servername: trust.serverName,
    });
    await once(socket, 'secureConnect');
    return TurnClient.#overStream(socket, credential);
  }

  static #overStream(socket: TcpSocket, credential: TurnCredential): TurnClient {
    const framer = new StreamFramer({ maxFrameBytes: 65_555, channelRange: 'rfc8656' });
    const client = new TurnClient(
      credential,
      (bytes) => void socket.write(padded(bytes)),
      () => socket.destroy(),
    );
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Uint8Array) => framer.push(chunk, (frame) => client.#receive(frame)));
    return client;
  }

  /** Ends the socket without a word to the server. */
  close(): void {
    this.#close();
  }

  /** Allocates on IPv4 or as `fill` says; answers the challenge by itself. */
  async allocate(fill?: Fill): Promise<TurnAnswer & { relayed: TransportAddress | null }> {
    const answer = await this.request(Method.allocate, (writer) => {
      writer.uint32(AttributeType.requestedTransport, 17 << 24);
      fill?.(writer);
    });
    const value = attribute(answer.message, AttributeType.xorRelayedAddress);
    const relayed = value === undefined ? null : readXorAddress(value, answer.message.transactionId);
    return { ...answer, relayed };
  }

  /** Binds a channel to a peer. */
  bindChannel(channel: number, peer: TransportAddress): Promise<TurnAnswer> {
    return this.request(Method.channelBind, (writer) => {
      writer.uint32(AttributeType.channelNumber, channel << 16);
      writer.xorAddress(AttributeType.xorPeerAddress, peer);
    });
  }

  /** Installs a permission for a peer. */
  permit(peer: TransportAddress): Promise<TurnAnswer> {
    return this.request(Method.createPermission, (writer) => writer.xorAddress(AttributeType.xorPeerAddress, peer));
  }

  /** Refreshes with a lifetime in seconds; 0 releases. */
  refresh(lifetimeS: number): Promise<TurnAnswer> {
    return this.request(Method.refresh, (writer) => writer.uint32(AttributeType.lifetime, lifetimeS));
  }

  /** Sends ChannelData. */
  sendChannel(channel: number, data: Uint8Array): void {
    const bytes = new Uint8Array(4 + data.length);
    new DataView(bytes.buffer).setUint16(0, channel);
    new DataView(bytes.buffer).setUint16(2, data.length);
    bytes.set(data, 4);
    this.#transmit(bytes);
  }

  /** The next ChannelData or Data indication that arrived. */
  async nextMedia(): Promise<Uint8Array> {
    const waiting = this.#media.shift();
    if (waiting !== undefined) return waiting;
    return deadline('media', new Promise((resolve) => (this.#onMedia = resolve)));
  }

  /** Sends a signed request, once more after a challenge or a stale nonce. */
  async request(method: number, fill: Fill): Promise<TurnAnswer> {
    const first = await this.#transact(method, fill);
    if (first.code !== 401 && first.code !== 438) return first;
    if (first.code === 401 && this.#realm !== '') return first;
    this.#realm = new TextDecoder().decode(attribute(first.message, AttributeType.realm));
    this.#nonce = (attribute(first.message, AttributeType.nonce) ?? new Uint8Array()).slice();
    return this.#transact(method, fill);
  }

  async #transact(method: number, fill: Fill): Promise<TurnAnswer> {
    const transactionId = new Uint8Array(randomBytes(12));
    const writer = new MessageWriter(method, 'request', transactionId);
    fill(writer);
    if (this.#realm !== '') this.#sign(writer);
    const answer = new Promise<Message>((resolve) => this.#waiting.set(idOf(transactionId), resolve));
    this.#transmit(writer.finish());
    const message = await deadline('an answer', answer);
    const error = attribute(message, AttributeType.errorCode);
    return { code: error === undefined ? 0 : (readErrorCode(error)?.code ?? -1), message };
  }

  #sign(writer: MessageWriter): void {
    const { username, password } = this.#credential;
    writer.text(AttributeType.username, username).text(AttributeType.realm, this.#realm);
    writer.attribute(AttributeType.nonce, this.#nonce);
    writer.integritySha1(longTermKey('md5', username, this.#realm, password));
  }

  #receive(bytes: Uint8Array): void {
    const message = (bytes[0] ?? 0) < 4 ? decodeMessage(bytes) : 'not-stun';
    if (typeof message !== 'string' && message.messageClass !== 'indication') {
      const id = idOf(message.transactionId);
      this.#waiting.get(id)?.(message);
      this.#waiting.delete(id);
      return;
    }
    const onMedia = this.#onMedia;
    this.#onMedia = undefined;
    if (onMedia === undefined) this.#media.push(bytes);
    else onMedia(bytes);
  }
}

function idOf(transactionId: Uint8Array): string {
  return Buffer.from(transactionId).toString('hex');
}

function padded(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  whole.set(bytes);
  return whole;
}

async function deadline<T>(what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not arrive within ${answerTimeoutMs} ms`)), answerTimeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
