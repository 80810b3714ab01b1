import type { PeerReach } from '../seam/relay.ts';
import { ipKey, type IpAddress } from '../stun/transport-address.ts';
import type { AllocatedRelay, Allocation, Permission } from './allocation.ts';
import { lifetimes } from './options.ts';
import type { TurnState } from './state.ts';

/** Whether the allocation may have as many more permissions; those that it has are refreshed for nothing. */
export function hasRoomForPermissions(state: TurnState, allocation: Allocation, added: number): boolean {
  const limit = state.options.limits.permissionsPerAllocation;
  return limit === 0 || added === 0 || allocation.permissions.size + added <= limit;
}

/** Creates the permission or starts its five minutes again (RFC 8656 section 9). `peer` is in its public form. */
export function installPermission(
  state: TurnState,
  relay: AllocatedRelay,
  peer: IpAddress,
  reach: PeerReach,
  nowMs: number,
): void {
  const { allocation } = relay;
  const key = ipKey(peer);
  const expiresAtMs = nowMs + lifetimes.permissionS * 1000;
  const known = allocation.permissions.get(key);
  if (known !== undefined) {
    state.deadlines.move(known, expiresAtMs);
    return;
  }
  const permission: Permission = { kind: 'permission', relay, peer, reach, expiresAtMs, deadlineIndex: -1 };
  allocation.addPermission(key, permission);
  state.deadlines.add(permission);
  state.actions.push({ kind: 'permit-peer', relay: relay.relay.id, peer, reach });
}

/** Ends a permission: its time is over (RFC 8656 section 9), or the policy has changed. */
export function removePermission(state: TurnState, permission: Permission): void {
  forgetPermission(state, permission);
  state.actions.push({ kind: 'revoke-peer', relay: permission.relay.relay.id, peer: permission.peer });
}

/** Forgets a permission whose relay is closed: the plane forgets it by itself. */
export function forgetPermission(state: TurnState, permission: Permission): void {
  permission.relay.allocation.removePermission(ipKey(permission.peer));
  if (permission.deadlineIndex !== -1) state.deadlines.remove(permission);
}

/** Judges every permission anew after our addresses or the rules have changed: what is no longer allowed is revoked at once (SECURITY.md 1). */
export function reviewPermissions(state: TurnState, allocation: Allocation): void {
  const policy = state.access.peers.policyOf(allocation.credential);
  for (const permission of [...allocation.permissions.values()]) {
    const verdict = policy.verdict(permission.peer);
    if (verdict === permission.reach) continue;
    if (verdict === 'denied') {
      removePermission(state, permission);
      continue;
    }
    const { peer, relay } = permission;
    permission.reach = verdict;
    state.actions.push({ kind: 'revoke-peer', relay: relay.relay.id, peer });
    state.actions.push({ kind: 'permit-peer', relay: relay.relay.id, peer, reach: verdict });
  }
}
