/**
 * Strangers who flood a server on loopback, each from an address of its own, in a process of their own.
 * Arguments: the server's UDP and TCP port, and the first source. Writes how many answers came as the last line.
 */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import * as forgeries from './forgeries.ts';

const [udpPort = 0, tcpPort = 0, firstSource = 0] = process.argv.slice(2).map(Number);
const server = '127.0.0.1';
const resendAfterMs = 1000;
/** So many at a time that the server's socket, of which the system may hold to 200 KB, loses next to nothing. */
const sourcesAtOnce = 64;
/** Streams cost their sender more than datagrams, so that fewer strangers open some. */
const oneStreamIn = 10;

let answers = 0;

/** One stranger's four packets: all but noise are answered, and sent again when they are not. */
async function floodOverUdp(source: number): Promise<void> {
  const socket = createSocket({ type: 'udp4', lookup: (host, _options, callback) => callback(null, host, 4) });
  const isNoisy = source % 4 === 0;
  const send = (bytes: Uint8Array): void => socket.send(bytes, udpPort, server);
  const opening = [forgeries.bindingRequest(), forgeries.forgedRefresh(), forgeries.openingAllocate()];
  const sendAll = (): void => {
    for (const bytes of opening) send(bytes);
  };
  let received = 0;
  let hasLast = false;
  await new Promise<void>((resolve) => {
    const resend = setInterval(sendAll, resendAfterMs);
    socket.on('message', (bytes) => {
      received += 1;
      answers += 1;
      const challenge = forgeries.readChallenge(bytes);
      if (challenge !== null && !hasLast) {
        hasLast = true;
        send(isNoisy ? forgeries.noise(source >> 2) : forgeries.unknownUsersAllocate(challenge));
      }
      if (received < (isNoisy ? 3 : 4)) return;
      clearInterval(resend);
      resolve();
    });
    socket.bind(0, forgeries.loopbackSource(source), sendAll);
  });
  socket.close();
}

/**
 * A stream on which the stranger is challenged. Then it holds half a frame until the stranger goes, or a frame that is
 * none, for which the server ends it.
 */
async function openStream(source: number): Promise<void> {
  const socket = connect({ port: tcpPort, host: server, localAddress: forgeries.loopbackSource(source) });
  socket.on('error', () => undefined);
  socket.write(forgeries.openingAllocate());
  socket.once('data', () => {
    if (source % (2 * oneStreamIn) === 0) {
      socket.write(Uint8Array.of(0x16, 3, 1, 2, 0));
      return;
    }
    socket.write(forgeries.openingAllocate().subarray(0, 9), () => socket.resetAndDestroy());
  });
  await new Promise((resolve) => socket.once('close', resolve));
}

const queue = Array.from({ length: forgeries.flood.sources }, (_, index) => firstSource + index).values();
async function work(): Promise<void> {
  for (const source of queue) {
    await floodOverUdp(source);
    if (source % oneStreamIn === 0) await openStream(source);
  }
}
await Promise.all(Array.from({ length: sourcesAtOnce }, work));
process.stdout.write(`${JSON.stringify({ answers })}\n`);
