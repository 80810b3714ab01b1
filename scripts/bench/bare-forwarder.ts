/**
 * A forwarder on node:dgram with nothing in it but forwarding: the floor that a relay on node:dgram is measured
 * against. One listening socket and one relay socket for each client; datagrams go both ways unchanged.
 *   node bare-forwarder.ts <port on 127.0.0.1>
 * A client opens its relay with "BAREHELO" and its peer's port, is told "BAREPORT" and the relay's, and ends with
 * "BAREGONE".
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';

const host = '127.0.0.1';
const controlBytes = 10;

interface Relay {
  readonly socket: Socket;
  readonly peerPort: number;
}

/**
 * Addresses here are literals: looking them up the usual way would defer every packet by a turn of the loop. A socket
 * is bound as soon as `bind` returns, for the same reason.
 */
function openSocket(): Socket {
  return createSocket({
    type: 'udp4',
    lookup: (address, _options, done) => done(null, address, 4),
  });
}

// Clients are told apart by their port alone: they all call from one address.
const relays = new Map<number, Relay>();
const listener = openSocket();

function answer(word: string, port: number, client: RemoteInfo): void {
  const bytes = Buffer.alloc(controlBytes);
  bytes.write(word, 'latin1');
  bytes.writeUInt16BE(port, 8);
  listener.send(bytes, client.port, client.address);
}

function openRelay(peerPort: number, client: RemoteInfo): void {
  const socket = openSocket();
  const { port: clientPort, address: clientAddress } = client;
  socket.on('message', (payload) => listener.send(payload, clientPort, clientAddress));
  socket.bind(0, host);
  relays.set(clientPort, { socket, peerPort });
  answer('BAREPORT', socket.address().port, client);
}

function control(message: Buffer, client: RemoteInfo): void {
  const word = message.toString('latin1', 0, 8);
  const relay = relays.get(client.port);
  if (word === 'BAREHELO' && relay === undefined) openRelay(message.readUInt16BE(8), client);
  if (word === 'BAREHELO' && relay !== undefined) answer('BAREPORT', relay.socket.address().port, client);
  if (word === 'BAREGONE') {
    relay?.socket.close();
    relays.delete(client.port);
    answer('BAREGONE', 0, client);
  }
}

listener.on('message', (message, client) => {
  if (message.length === controlBytes) return control(message, client);
  const relay = relays.get(client.port);
  if (relay !== undefined) relay.socket.send(message, relay.peerPort, host);
});
listener.bind(Number(process.argv[2]), host);
console.log(JSON.stringify({ event: 'ready' }));
