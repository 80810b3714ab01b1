import { spawn } from 'node:child_process';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { TransportAddress } from '../../server/stun/transport-address.ts';
import { awaitBinding, freePort } from '../bench/binding-probe.ts';
import { benchUser } from '../bench/contestants/contestant.ts';
import type { Claim, Observation } from './claim.ts';
import { Endpoint, silenceMs, TurnClient, type ClientCredential } from './turn-client.ts';

const user: ClientCredential = { username: benchUser.name, realm: benchUser.realm, password: benchUser.password };
const hello = new TextEncoder().encode('hello');
const channel = 0x4000;

/** A node-turn server in a process of its own, with one user. */
interface Server {
  readonly port: number;
  /** What it wrote, once it has ended; null while it runs. */
  ended(): string | null;
}

async function withServer(experiment: (server: Server) => Promise<Observation>): Promise<Observation> {
  const port = await freePort();
  const program = path.join(import.meta.dirname, '../bench/node-turn-server.ts');
  const child = spawn(process.execPath, [program, String(port)], { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  let ended: string | null = null;
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  child.on('close', (code) => (ended = `exit code ${String(code)}: ${firstErrorLine(errors)}`));
  try {
    await awaitBinding(port, 10_000);
    return await experiment({ port, ended: () => ended });
  } finally {
    child.kill('SIGKILL');
  }
}

function firstErrorLine(text: string): string {
  return text.split('\n').find((line) => /Error\b.*:/.test(line)) ?? text.trim();
}

/** An allocated client and a peer, with what the peer and the client received so far forgotten. */
async function withRelay(
  port: number,
  experiment: (client: TurnClient, peer: Endpoint, relayed: TransportAddress) => Promise<Observation>,
): Promise<Observation> {
  const client = new TurnClient(port, user);
  const peer = await new Endpoint().open();
  try {
    const relayed = await client.allocate();
    if (typeof relayed === 'number') throw new Error(`Allocate was refused with ${relayed}`);
    return await experiment(client, peer, relayed);
  } finally {
    client.endpoint.close();
    peer.close();
  }
}

const says = (expected: Uint8Array) => (bytes: Uint8Array) => Buffer.from(bytes).equals(expected);
const contains = (expected: Uint8Array) => (bytes: Uint8Array) => Buffer.from(bytes).includes(expected);

async function channelDirections(server: Server): Promise<Observation> {
  return withRelay(server.port, async (client, peer, relayed) => {
    const bound = await client.bindChannel(channel, peer.address);
    client.sendOnChannel(channel, hello);
    const atPeer = await peer.first(says(hello));
    peer.send(hello, relayed.port);
    const atClient = await client.endpoint.first((bytes) => bytes[0] === channel >> 8 && contains(hello)(bytes));
    return {
      holds: bound && atPeer === undefined && atClient !== undefined,
      seen: `ChannelBind ${bound ? 'succeeded' : 'failed'}; client to peer: ${arrived(atPeer)}; peer to client: ${arrived(atClient)}`,
    };
  });
}

function arrived(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? 'nothing arrived' : `${bytes.length} bytes arrived`;
}

async function inheritedUser(server: Server): Promise<Observation> {
  // `credentials['constructor']` of a plain object is the function Object, whose text is its source.
  const credential = { username: 'constructor', realm: benchUser.realm, password: String(Object) };
  const client = new TurnClient(server.port, credential);
  try {
    const answer = await client.allocate();
    return {
      holds: typeof answer !== 'number',
      seen: `Allocate as 'constructor' with the password ${JSON.stringify(credential.password)}, configured nowhere: ${
        typeof answer === 'number' ? `error ${answer}` : `success, relay port ${answer.port}`
      }`,
    };
  } finally {
    client.endpoint.close();
  }
}

async function oneByteToListener(server: Server): Promise<Observation> {
  const stranger = await new Endpoint().open();
  stranger.send(Uint8Array.of(0), server.port);
  await delay(silenceMs);
  stranger.close();
  const ended = server.ended();
  return { holds: ended !== null, seen: ended ?? 'the server lives: its listener catches and logs the exception' };
}

async function oneByteFromPeer(server: Server): Promise<Observation> {
  return withRelay(server.port, async (client, peer, relayed) => {
    await client.permit(peer.address);
    peer.send(Uint8Array.of(0), relayed.port);
    await delay(silenceMs);
    return { holds: server.ended() !== null, seen: server.ended() ?? 'the server lives' };
  });
}

async function unfilteredPeer(server: Server): Promise<Observation> {
  return withRelay(server.port, async (client, canary) => {
    const permitted = await client.permit(canary.address);
    client.sendIndication(canary.address, hello);
    const atCanary = await canary.first(says(hello));
    return {
      holds: permitted && atCanary !== undefined,
      seen: `CreatePermission for 127.0.0.1 ${permitted ? 'succeeded' : 'was refused'}; at a service of 127.0.0.1: ${arrived(atCanary)}`,
    };
  });
}

/** What is said of node-turn 0.0.6. Every experiment has a server of its own, because one of them kills it. */
export const nodeTurnClaims: readonly Claim[] = [
  {
    statement: 'node-turn relays ChannelData in one direction only',
    observe: () => withServer(channelDirections),
  },
  {
    statement: "node-turn authenticates the user 'constructor', whom nobody configured",
    observe: () => withServer(inheritedUser),
  },
  {
    statement: 'one byte from any stranger to the listening port ends the node-turn process',
    observe: () => withServer(oneByteToListener),
  },
  {
    statement: 'one byte from a permitted peer to a relayed port ends the node-turn process by an uncaught exception',
    observe: () => withServer(oneByteFromPeer),
  },
  {
    statement: 'node-turn filters no peers: it reaches services on its own loopback address',
    observe: () => withServer(unfilteredPeer),
  },
];
