import type { PeerReach } from '../seam/relay.ts';
import { readXorAddress } from '../stun/addresses.ts';
import { attributes } from '../stun/message.ts';
import { AttributeType, ErrorCode } from '../stun/registry.ts';
import { ipKey, type IpAddress } from '../stun/transport-address.ts';
import type { AllocatedRelay, Allocation } from './allocation.ts';
import { reject, type Outcome } from './outcome.ts';
import { hasRoomForPermissions, installPermission } from './permissions.ts';
import type { Request } from './request.ts';
import type { TurnState } from './state.ts';

/** CreatePermission (RFC 8656 section 10.2): for all of its peers or, if any of them is refused, for none. */
export function handleCreatePermission(state: TurnState, request: Request, allocation: Allocation): Outcome {
  const { message, nowMs } = request;
  // RFC 8656 section 10.2: at least one XOR-PEER-ADDRESS, and none that is malformed. Their ports are ignored.
  const values = attributes(message, AttributeType.xorPeerAddress);
  if (values.length === 0) return reject(ErrorCode.badRequest);
  const named: IpAddress[] = [];
  for (const value of values) {
    const address = readXorAddress(value, message.transactionId);
    if (address === null) return reject(ErrorCode.badRequest);
    named.push(address.ip);
  }

  const wanted: { relay: AllocatedRelay; peer: IpAddress; reach: PeerReach }[] = [];
  const added = new Set<string>();
  const policy = state.access.peers.policyOf(allocation.credential);
  for (const ip of named) {
    // RFC 8656 section 10.2: a peer of a family that no relay has.
    const relay = allocation.relayOf(ip.family);
    if (relay === undefined) return reject(ErrorCode.peerAddressFamilyMismatch);
    // RFC 8656 section 10.2: restrictions on peers, always answered 403 (SECURITY.md 1).
    const reach = policy.verdict(ip);
    if (reach === 'denied') return reject(ErrorCode.forbidden, { cause: 'peer-denied', peer: ip });
    const peer = state.plan.translator.toPublic(ip);
    wanted.push({ relay, peer, reach });
    if (!allocation.permissions.has(ipKey(peer))) added.add(ipKey(peer));
  }
  // RFC 8656 section 10.2: a capacity limit. A refresh takes no room.
  if (!hasRoomForPermissions(state, allocation, added.size)) return reject(ErrorCode.insufficientCapacity);

  for (const { relay, peer, reach } of wanted) installPermission(state, relay, peer, reach, nowMs);
  return { kind: 'done' };
}
