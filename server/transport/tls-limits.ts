import { createPrivateKey, type KeyObject } from 'node:crypto';

/** What TLS handshakes may cost (SECURITY.md 10). Shared by every TLS listener of a relay, beside `StreamLimits`. */
export interface TlsLimits {
  /** Handshakes that may begin in a second, from all addresses. */
  readonly handshakesPerSecond: number;
  /** Of them, how many may begin at once after a quiet time. */
  readonly handshakeBurst: number;
  /** Handshakes under way. Beyond it the oldest is ended. */
  readonly maxHandshaking: number;
  /** Connections that wait for their turn. Beyond it the address with the most of them loses its oldest. */
  readonly maxWaiting: number;
  /** How long a connection may wait for its turn. */
  readonly waitTimeoutMs: number;
  /** How long a handshake may take from its turn on. */
  readonly handshakeTimeoutMs: number;
}

/** The limits of which a handshake's cost decides. */
type CostLimits = Pick<TlsLimits, 'handshakesPerSecond' | 'handshakeBurst' | 'maxHandshaking'>;

const timeAndRoom = {
  // What can have its turn in a minute at the highest rate. One that waits is a socket that is not read, about 5 KB.
  maxWaiting: 12_000,
  waitTimeoutMs: 60_000,
  handshakeTimeoutMs: 10_000,
} as const;

/**
 * By what one signature of the key costs, which is most of a handshake. At its rate each takes a fifth of the relay thread at
 * most. After a quiet time media waits 20 ms, as for one video frame. Clients who all hold back what they have to say and then say
 * it at once stall media for a quarter of a second; at the rate the oldest of them has had 2.5 seconds: four round trips
 * over a satellite.
 */
const limitsByCost = {
  // Up to 1 ms: an office of 5,000 people who all open two streams is served within a minute.
  low: { handshakesPerSecond: 200, handshakeBurst: 20, maxHandshaking: 512 },
  // Up to 2 ms.
  middle: { handshakesPerSecond: 100, handshakeBurst: 10, maxHandshaking: 256 },
  // Up to 5 ms.
  high: { handshakesPerSecond: 40, handshakeBurst: 4, maxHandshaking: 100 },
  // 20 ms and more: no number of them leaves media alone.
  extreme: { handshakesPerSecond: 5, handshakeBurst: 1, maxHandshaking: 12 },
} as const satisfies Record<string, CostLimits>;

/**
 * The limits for handshakes that are signed with this private key (PEM), with what differs from them.
 * @throws the error of node:crypto when the key cannot be read
 */
export function tlsLimits(key: string, differences: Partial<TlsLimits> = {}): TlsLimits {
  return { ...timeAndRoom, ...limitsByCost[costOf(createPrivateKey(key))], ...differences };
}

function costOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): keyof typeof limitsByCost {
  const { modulusLength: bits, namedCurve } = asymmetricKeyDetails ?? {};
  if (bits !== undefined) return bits <= 2048 ? 'low' : bits <= 3072 ? 'middle' : bits <= 4096 ? 'high' : 'extreme';
  if (asymmetricKeyType === 'ed25519' || asymmetricKeyType === 'ed448' || namedCurve === 'prime256v1') return 'low';
  // OpenSSL has fast code for few curves: P-521 costs it as much as RSA-4096.
  return namedCurve === 'secp384r1' ? 'middle' : 'high';
}
