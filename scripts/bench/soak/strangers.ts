import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { randomBytes, randomInt } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Method } from '../../../server/stun/registry.ts';
import { openClient, secured, systemCode } from './soak-wire.ts';
import type { Callers, SoakContext } from './soak-load.ts';

/** A stranger that the server has not turned away by then is left alone: beyond the 60 s of a stream without an allocation. */
const longestVisitMs = 90_000;
const endingCheckMs = 500;

/** One who is no client does what those do. Never rejects: what fails is counted. */
export async function letStrangerIn(context: SoakContext, callers: Callers): Promise<void> {
  // Guessing, as the most frequent, comes up twice.
  const deeds = [
    guessPassword,
    guessPassword,
    sendNoise,
    speakNonsense,
    speakNonsenseInTls,
    stopInHandshake,
    staySilent,
  ];
  const deed = deeds[randomInt(deeds.length)] ?? guessPassword;
  try {
    await deed(context, callers);
  } catch (error) {
    context.census.fail(`${deed.name}: ${systemCode(error)}`);
  }
}

/** Has the wrong password, and does not believe it at first. */
async function guessPassword(context: SoakContext, callers: Callers): Promise<void> {
  const caller = callers.next(0, Date.now());
  const credential = { ...caller.credential, password: 'a guess' };
  const client = await openClient(context.target, { ...caller, credential }, context.census, () => undefined);
  for (let attempt = 0; attempt < 2; attempt++) {
    const { code } = await client.turn.allocate();
    if (code === null) context.census.counts.unanswered += 1;
    else if (code !== 401) context.census.fail(`Allocate with a wrong password: ${code}`);
  }
  client.turn.close();
  context.census.stranger('wrong passwords');
}

/** Datagrams of no meaning, of one byte and of none, and a request that is cut off. */
async function sendNoise({ target, census }: SoakContext): Promise<void> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const request = Buffer.alloc(20);
  request.writeUInt16BE(Method.allocate, 0);
  request.writeUInt32BE(0x2112a442, 4);
  const packets = [randomBytes(200), randomBytes(1), Buffer.alloc(0), request.subarray(0, 12), request];
  for (const packet of packets) socket.send(packet, target.port, '127.0.0.1');
  await delay(100);
  socket.close();
  census.stranger('datagrams of noise');
}

/** Says on TCP what is neither STUN nor ChannelData. */
async function speakNonsense(context: SoakContext): Promise<void> {
  const socket = await connected(context.target.port);
  socket.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
  await turnedAway(context, socket, 'nonsense on TCP');
}

/** The same behind a complete TLS handshake. */
async function speakNonsenseInTls(context: SoakContext): Promise<void> {
  const socket = await secured(await connected(context.target.tlsPort), context.target);
  socket.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
  await turnedAway(context, socket, 'nonsense on TLS');
}

/** Begins a TLS handshake and says no more. */
async function stopInHandshake(context: SoakContext): Promise<void> {
  const socket = await connected(context.target.tlsPort);
  // A record header that announces a ClientHello of 512 bytes, and the first of them.
  socket.write(Buffer.from('160301020001000001fc0303', 'hex'));
  await turnedAway(context, socket, 'handshakes not finished');
}

/** Connects and says nothing at all. */
async function staySilent(context: SoakContext): Promise<void> {
  await turnedAway(context, await connected(context.target.port), 'silent streams');
}

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

/** Waits until the server ends the stream, and counts it. That it does not is a failure. */
async function turnedAway({ census, isEnding }: SoakContext, socket: Socket, kind: string): Promise<void> {
  // An RST is as good an end as a FIN.
  socket.on('error', () => socket.destroy());
  socket.resume();
  const untilMs = performance.now() + longestVisitMs;
  while (!socket.closed && !isEnding() && performance.now() < untilMs) await delay(endingCheckMs);
  if (!socket.closed && !isEnding()) census.fail(`${kind}: not ended by the server`);
  socket.destroy();
  census.stranger(kind);
}
