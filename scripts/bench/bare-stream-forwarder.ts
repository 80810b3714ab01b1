/**
 * A forwarder between streams and datagrams with nothing in it but forwarding: the floor for clients on TCP and TLS. One
 * relay socket for each client. Messages have a channel and a length before them, as ChannelData has, on both ways.
 *   node bare-stream-forwarder.ts <TCP port on 127.0.0.1> <TLS port> <certificate file> <key file>
 * A client opens its relay with "BAREHELO" and its peer's port, is told "BAREPORT" and the relay's, and ends with
 * "BAREGONE", each framed as a message.
 */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

const host = '127.0.0.1';
const headerBytes = 4;
const controlChannel = 0x4fff;
const mediaChannel = 0x4000;

function messageHeader(channel: number, length: number): Buffer {
  const header = Buffer.allocUnsafe(headerBytes);
  header.writeUInt16BE(channel, 0);
  header.writeUInt16BE(length, 2);
  return header;
}

function padded(length: number): number {
  return Math.ceil(length / 4) * 4;
}

/** One client: its stream, and its relay once it has asked for one. */
class Client {
  readonly #stream: Socket;
  #relay: UdpSocket | undefined;
  #peerPort = 0;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: Socket) {
    this.#stream = stream;
    stream.on('data', (chunk: Buffer) => this.#read(chunk));
    stream.on('error', () => stream.destroy());
    stream.on('close', () => this.#relay?.close());
  }

  #read(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (bytes.length - at >= headerBytes) {
      const length = headerBytes + bytes.readUInt16BE(at + 2);
      if (bytes.length - at < padded(length)) break;
      this.#take(bytes.subarray(at, at + length));
      at += padded(length);
    }
    this.#rest = bytes.subarray(at);
  }

  #take(message: Buffer): void {
    if (message.readUInt16BE(0) === controlChannel) this.#control(message.subarray(headerBytes));
    else this.#relay?.send(message, this.#peerPort, host);
  }

  #control(message: Buffer): void {
    if (message.toString('latin1', 0, 8) === 'BAREHELO') this.#openRelay(message.readUInt16BE(8));
    else this.#answer('BAREGONE', 0);
  }

  #openRelay(peerPort: number): void {
    this.#peerPort = peerPort;
    // Literal addresses, looked up the usual way, would defer every packet by a turn of the loop.
    const relay = createSocket({ type: 'udp4', lookup: (address, _options, done) => done(null, address, 4) });
    relay.on('message', (payload) => this.#send(mediaChannel, payload));
    relay.bind(0, host);
    this.#relay = relay;
    this.#answer('BAREPORT', relay.address().port);
  }

  #answer(word: string, port: number): void {
    const bytes = Buffer.alloc(10);
    bytes.write(word, 'latin1');
    bytes.writeUInt16BE(port, 8);
    this.#send(controlChannel, bytes);
  }

  #send(channel: number, payload: Buffer): void {
    const stream = this.#stream;
    stream.cork();
    stream.write(messageHeader(channel, payload.length));
    stream.write(payload);
    if (padded(payload.length) > payload.length) stream.write(Buffer.alloc(padded(payload.length) - payload.length));
    stream.uncork();
  }
}

const [tcpPort, tlsPort, certificateFile = '', keyFile = ''] = process.argv.slice(2);
const tcp = createServer({ noDelay: true }, (stream) => new Client(stream));
const tls = createTlsServer(
  { noDelay: true, cert: readFileSync(certificateFile), key: readFileSync(keyFile) },
  (stream) => new Client(stream),
);
await Promise.all([
  once(tcp.listen(Number(tcpPort), host), 'listening'),
  once(tls.listen(Number(tlsPort), host), 'listening'),
]);
console.log(JSON.stringify({ event: 'ready' }));
