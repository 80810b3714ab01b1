import {
  ipKey,
  transportAddressKey,
  type IpFamily,
  type TransportAddress,
} from '../../server/stun/transport-address.ts';
import type { PlaneModel } from './plane-model.ts';
import type { TestClient } from './test-client.ts';

/** What RFC 8656 says of one allocation, in the plainest data: every entry with the time at which it is gone. */
export interface ReferenceSession {
  readonly transactionId: Uint8Array;
  readonly relays: Map<IpFamily, number>;
  readonly permissions: Map<string, { family: IpFamily; expiresAtMs: number }>;
  readonly channels: Map<number, { peer: string; family: IpFamily; expiresAtMs: number }>;
}

/** The limits that the reference knows. */
export interface ReferenceLimits {
  readonly permissionsPerAllocation: number;
  readonly channelsPerAllocation: number;
}

export function newReferenceSession(
  transactionId: Uint8Array,
  families: readonly IpFamily[],
  expiresAtMs: number,
): ReferenceSession {
  const relays = new Map(families.map((family) => [family, expiresAtMs]));
  return { transactionId, relays, permissions: new Map(), channels: new Map() };
}

/** Takes a relay away, with all that hangs on it. */
export function dropFamily(session: ReferenceSession, family: IpFamily): void {
  session.relays.delete(family);
  for (const [key, permission] of session.permissions) {
    if (permission.family === family) session.permissions.delete(key);
  }
  for (const [number, channel] of session.channels) if (channel.family === family) session.channels.delete(number);
}

/** Lets time pass. */
export function expireReference(session: ReferenceSession, nowMs: number): void {
  for (const [family, expiresAtMs] of session.relays) if (expiresAtMs <= nowMs) dropFamily(session, family);
  for (const [key, { expiresAtMs }] of session.permissions) if (expiresAtMs <= nowMs) session.permissions.delete(key);
  for (const [number, { expiresAtMs }] of session.channels) if (expiresAtMs <= nowMs) session.channels.delete(number);
}

/** RFC 8656 section 8.2. */
export function expectRefresh(
  session: ReferenceSession,
  lifetimeS: number | undefined,
  family: IpFamily | undefined,
  nowMs: number,
): number {
  if (family !== undefined && !session.relays.has(family)) return 443;
  const grantedS = lifetimeS === 0 ? 0 : Math.min(3600, Math.max(600, lifetimeS ?? 600));
  for (const each of [...session.relays.keys()]) {
    if (family !== undefined && family !== each) continue;
    if (grantedS === 0) dropFamily(session, each);
    else session.relays.set(each, nowMs + grantedS * 1000);
  }
  return 0;
}

/** RFC 8656 section 10.2; `denied` are the peers that policy refuses. */
export function expectPermissions(
  session: ReferenceSession,
  peers: readonly TransportAddress[],
  denied: readonly TransportAddress[],
  limits: ReferenceLimits,
  nowMs: number,
): number {
  if (peers.length === 0) return 400;
  for (const peer of peers) {
    if (!session.relays.has(peer.ip.family)) return 443;
    if (denied.includes(peer)) return 403;
  }
  const added = new Set(peers.map(({ ip }) => ipKey(ip)).filter((key) => !session.permissions.has(key)));
  if (added.size > 0 && session.permissions.size + added.size > limits.permissionsPerAllocation) return 508;
  for (const { ip } of peers) {
    session.permissions.set(ipKey(ip), { family: ip.family, expiresAtMs: nowMs + 300_000 });
  }
  return 0;
}

/** RFC 8656 section 12.2. */
export function expectChannel(
  session: ReferenceSession,
  number: number,
  peer: TransportAddress,
  denied: readonly TransportAddress[],
  limits: ReferenceLimits,
  nowMs: number,
): number {
  const key = transportAddressKey(peer);
  const known = session.channels.get(number);
  if (known !== undefined && known.peer !== key) return 400;
  if ([...session.channels].some(([other, channel]) => other !== number && channel.peer === key)) return 400;
  if (!session.relays.has(peer.ip.family)) return 443;
  if (denied.includes(peer)) return 403;
  if (known === undefined && session.channels.size >= limits.channelsPerAllocation) return 508;
  const code = expectPermissions(session, [peer], denied, limits, nowMs);
  if (code === 0) session.channels.set(number, { peer: key, family: peer.ip.family, expiresAtMs: nowMs + 600_000 });
  return code;
}

/** What the plane holds for a client, in the shape of `referenceView`. */
export function planeView(plane: PlaneModel, client: TestClient): unknown {
  const relays = [...plane.relays.values()].filter((relay) => relay.client === client.client);
  return {
    families: relays.map(({ address }) => address.ip.family).sort(),
    permitted: relays.flatMap(({ permitted }) => [...permitted.keys()]).sort(),
    channels: relays.flatMap(({ channels }) => [...channels].map(([number, peer]) => `${number} ${peer}`)).sort(),
  };
}

/** What the reference says that the plane holds. */
export function referenceView(session: ReferenceSession | undefined): unknown {
  return {
    families: [...(session?.relays.keys() ?? [])].sort(),
    permitted: [...(session?.permissions.keys() ?? [])].sort(),
    channels: [...(session?.channels ?? [])].map(([number, { peer }]) => `${number} ${peer}`).sort(),
  };
}
