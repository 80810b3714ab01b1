import { assertNever } from '../contract/assert-never.ts';
import type { AppEntry } from '../credentials/app-entry.ts';
import type { AppCredentials, CredentialChange } from '../credentials/credential-set.ts';
import { holderOf, type Credential, type HolderKey } from '../credentials/credential.ts';
import type { SessionEnd } from '../seam/session-event.ts';
import { ErrorCode } from '../stun/registry.ts';
import type { IpAddress } from '../stun/transport-address.ts';
import { rejectBanned } from './allocate.ts';
import type { Allocation } from './allocation.ts';
import { Bans } from './bans.ts';
import type { Identity } from './identity.ts';
import { latestEnd } from './lifetime.ts';
import { reject, type Rejection } from './outcome.ts';
import { reviewPermissions } from './permissions.ts';
import { abandonAttempt } from './relay-opening.ts';
import { bitsPerSecondOf, endSession } from './sessions.ts';
import type { TurnState } from './state.ts';

/** Whom a change may touch: a cheap question, since it is asked of everybody. */
interface Concern {
  readonly concerns: (credential: Credential, holder: HolderKey, ip: IpAddress) => boolean;
  readonly changesPeers: boolean;
}

/** What was known of the apps that a change is about, before it is applied. */
export type AppsBefore = ReadonlyMap<string, AppEntry>;

/** To be asked before a change is applied, for the review after it. */
export function appsBefore(state: TurnState, change: CredentialChange): AppsBefore {
  const ids = change.kind === 'apps' ? change.apps.map(({ id }) => id) : [];
  return new Map(ids.flatMap((id) => state.access.book.app(id) ?? []).map((entry) => [entry.app.id, entry]));
}

/** After a change has come into force: whatever it outlaws ends (SECURITY.md 9), and whatever it limits is limited. */
export function reviewCredentials(state: TurnState, change: CredentialChange, before: AppsBefore, nowMs: number): void {
  const concern = concernOf(state, change, before);
  if (concern === null) return;
  const isConcerned = ({ credential }: Identity, ip: IpAddress): boolean => {
    return concern.concerns(credential, holderOf(credential), ip);
  };
  for (const allocation of state.allocations.values()) {
    const { credential, holder, client } = allocation;
    if (!concern.concerns(credential, holder, client.remote.ip)) continue;
    reviewAllocation(state, allocation, nowMs);
    if (concern.changesPeers) reviewPermissions(state, allocation);
  }
  for (const reservation of state.reservations.all()) {
    const { identity, maker } = reservation;
    const { ip } = maker.client.remote;
    if (isConcerned(identity, ip) && endOf(state, identity, ip, nowMs) !== null) state.reservations.drop(reservation);
  }
  for (const attempt of state.attempts.values()) {
    const { identity, to } = attempt;
    const { ip } = to.client.remote;
    const end = isConcerned(identity, ip) ? endOf(state, identity, ip, nowMs) : null;
    if (end !== null) abandonAttempt(attempt, answerTo(end));
  }
}

/** Null for a change that touches nobody who is there. */
function concernOf(state: TurnState, change: CredentialChange, before: AppsBefore): Concern | null {
  switch (change.kind) {
    case 'apps':
      return concernOfApps(state, change.apps, before);
    case 'remove-app':
      return { concerns: (credential) => isOfApp(credential, change.id), changesPeers: false };
    case 'users': {
      const names = new Set(change.users.names);
      return { concerns: (of) => of.kind === 'static' && names.has(of.name), changesPeers: false };
    }
    case 'remove-user':
      return { concerns: (of) => of.kind === 'static' && of.name === change.name, changesPeers: false };
    case 'bans': {
      const added = new Bans();
      for (const ban of change.bans) added.add(ban);
      // Whether its time is over is asked of all bans afterwards.
      const concerns: Concern['concerns'] = (_, holder, ip) =>
        added.isAddressBanned(ip, 0) || added.isHolderBanned(holder, 0);
      return { concerns, changesPeers: false };
    }
    case 'complete':
      return { concerns: () => true, changesPeers: true };
    case 'remove-ban':
    case 'reset':
      return null;
    default:
      return assertNever(change);
  }
}

/**
 * What an app's change concerns: all its sessions where its state, limits or peers are others, else those of the secrets and keys that it has
 * lost. An app that has only gained, as by a new secret or key, concerns nobody.
 */
function concernOfApps(state: TurnState, apps: readonly AppCredentials[], before: AppsBefore): Concern | null {
  const whole = new Set<string>();
  const lost = new Set<string>();
  let changesPeers = false;
  for (const { id } of apps) {
    const [was, is] = [before.get(id), state.access.book.app(id)];
    if (was === undefined || is === undefined) continue;
    const peersDiffer = JSON.stringify(was.app.peers) !== JSON.stringify(is.app.peers);
    changesPeers ||= peersDiffer;
    if (peersDiffer || rulesDiffer(was.app, is.app)) whole.add(id);
    // Without their app: whose they are the review asks again.
    for (const lostId of [...was.standingSecretsNotIn(is), ...was.liveKeysNotIn(is)]) lost.add(lostId);
  }
  if (whole.size + lost.size === 0) return null;
  const concerns = (credential: Credential): boolean => {
    if (credential.kind === 'static') return false;
    const { app, secretId, keyId } = credential;
    return whole.has(app) || lost.has(secretId) || (keyId !== null && lost.has(keyId));
  };
  return { concerns, changesPeers };
}

function rulesDiffer(a: AppCredentials, b: AppCredentials): boolean {
  return (
    a.state !== b.state ||
    a.bitsPerSecondPerSubject !== b.bitsPerSecondPerSubject ||
    a.longestSessionS !== b.longestSessionS
  );
}

function isOfApp(credential: Credential, app: string): boolean {
  return credential.kind === 'rest' && credential.app === app;
}

function reviewAllocation(state: TurnState, allocation: Allocation, nowMs: number): void {
  const { identity, client, credential, holder } = allocation;
  const end = endOf(state, identity, client.remote.ip, nowMs);
  if (end !== null) {
    state.revokedSessions.remember(allocation);
    endSession(state, allocation, end);
    return;
  }
  state.buckets.setRate(holder, bitsPerSecondOf(state, credential));
  const latest = latestEnd(state, allocation);
  for (const relay of allocation.relays) {
    if (relay.expiresAtMs > latest.atMs) state.deadlines.move(relay, latest.atMs);
  }
}

/** Why whatever was made with this credential from this address has to end; null while it stands. */
function endOf(state: TurnState, identity: Identity, ip: IpAddress, nowMs: number): SessionEnd | null {
  const { credential, key, keyAlgorithm } = identity;
  const { bans, book } = state.access;
  if (bans.isAddressBanned(ip, nowMs) || bans.isHolderBanned(holderOf(credential), nowMs)) return 'banned';
  return book.outlawed(credential, key, keyAlgorithm, nowMs);
}

/** For a client whose Allocate is still under way. */
function answerTo(end: SessionEnd): Rejection {
  if (end === 'banned') return rejectBanned();
  if (end === 'quota-exhausted') return reject(ErrorCode.allocationQuotaReached, { cause: 'quota-bytes' });
  return reject(ErrorCode.unauthenticated);
}
