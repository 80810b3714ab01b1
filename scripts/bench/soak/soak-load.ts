import { randomInt } from 'node:crypto';
import type { SecureContext } from 'node:tls';
import { restPassword, restUsername } from '../../../server/credentials/rest-username.ts';
import type { Credential } from '../../../test/security/patient-client.ts';
import type { Transport } from '../contestants/contestant.ts';
import type { Census } from './census.ts';
import type { EchoPeers } from './echo-peers.ts';

/** Where the server under a soak is reached, on 127.0.0.1. */
export interface SoakTarget {
  readonly port: number;
  readonly tlsPort: number;
  /** What a TLS client trusts. */
  readonly trust: SecureContext;
}

/** The shape of the load: 30 clients a second who stay for ten seconds in the mean are 300 at a time. */
export const soakLoad = {
  arrivalsPerSecond: 30,
  /** From the first media to the last; joining and waiting for what is still under way take two seconds more. */
  shortestLifeMs: 4000,
  longestLifeMs: 12_000,
  /** More clients are never live at once, whatever the server does. */
  mostLive: 1000,
  /** Between two rounds of media of a client: one packet on each channel and one Send indication. */
  mediaEveryMs: 300,
  /** A credential, and with `strictExpiry` the allocation of a client that vanished, outlasts the planned life by so much. */
  credentialSpareS: 20,
  /** Of so many calls one loses a client in the middle. */
  oneVanishesIn: 8,
  /** Those who are no clients, each second. */
  strangersPerSecond: 4,
} as const;

/** What all callers of a soak share. */
export interface SoakContext {
  readonly target: SoakTarget;
  readonly census: Census;
  readonly peers: EchoPeers;
  /** Whether everybody is to come to an end. */
  readonly isEnding: () => boolean;
}

/** Somebody new: a number of his own, an address of his own, and the right credential. */
export interface Caller {
  readonly id: number;
  readonly transport: Transport;
  readonly localIp: string;
  readonly credential: Credential;
}

/** Numbers callers and gives each what he calls with. */
export class Callers {
  readonly #secret: Uint8Array;
  #lastId = 0;

  constructor(secret: string) {
    this.#secret = Buffer.from(secret);
  }

  /** The next caller, who means to stay for `lifeMs`. Nobody else has his subject or, of the last 4 million, his address. */
  next(lifeMs: number, nowMs: number): Caller {
    const id = ++this.#lastId;
    const expiresAtS = Math.ceil((nowMs + lifeMs) / 1000) + soakLoad.credentialSpareS;
    const username = restUsername(expiresAtS, `caller-${id}`);
    const credential = { username, password: restPassword(this.#secret, username) };
    return { id, transport: anyTransport(), localIp: localIpOf(id), credential };
  }
}

/** One of the three, each as often as the others. */
function anyTransport(): Transport {
  return (['udp', 'tcp', 'tls'] as const)[randomInt(3)] ?? 'udp';
}

/** An address of 127.64.0.0/10: whoever takes a port that a vanished client had is then not taken for him. */
function localIpOf(id: number): string {
  return `127.${64 + ((id >>> 16) & 63)}.${(id >>> 8) & 255}.${id & 255}`;
}
