import { readXorAddress } from '../stun/addresses.ts';
import { isChannelNumber } from '../stun/channel-data.ts';
import { attribute } from '../stun/message.ts';
import { AttributeType, ErrorCode } from '../stun/registry.ts';
import { ipKey, sameTransportAddress, transportAddressKey } from '../stun/transport-address.ts';
import { readChannelNumber } from '../stun/turn-attributes.ts';
import type { Allocation } from './allocation.ts';
import { hasRoomForChannel, installChannel } from './channels.ts';
import { reject, type Outcome } from './outcome.ts';
import { hasRoomForPermissions, installPermission } from './permissions.ts';
import type { Request } from './request.ts';
import type { TurnState } from './state.ts';

/** ChannelBind (RFC 8656 section 12.2): creates or refreshes a channel and the permission for its peer. */
export function handleChannelBind(state: TurnState, request: Request, allocation: Allocation): Outcome {
  const { message, nowMs } = request;
  // RFC 8656 section 12.2, first check: both attributes are there. Nothing can be sent to port 0.
  const channelNumber = attribute(message, AttributeType.channelNumber);
  const xorPeerAddress = attribute(message, AttributeType.xorPeerAddress);
  if (channelNumber === undefined || xorPeerAddress === undefined) return reject(ErrorCode.badRequest);
  const number = readChannelNumber(channelNumber);
  const named = readXorAddress(xorPeerAddress, message.transactionId);
  if (number === null || named === null || named.port === 0) return reject(ErrorCode.badRequest);
  const peer = { ip: state.plan.translator.toPublic(named.ip), port: named.port };

  // Second check: the channel number's range.
  if (!isChannelNumber(number, state.options.channelRange)) return reject(ErrorCode.badRequest);
  // Third check: the channel is not bound to another peer.
  const known = allocation.channels.get(number);
  if (known !== undefined && !sameTransportAddress(known.peer, peer)) return reject(ErrorCode.badRequest);
  // Fourth check: the peer is not bound to another channel.
  const ofPeer = allocation.channelsByPeer.get(transportAddressKey(peer));
  if (ofPeer !== undefined && ofPeer.number !== number) return reject(ErrorCode.badRequest);
  // RFC 8656 section 12.2: a peer of a family that no relay has.
  const relay = allocation.relayOf(peer.ip.family);
  if (relay === undefined) return reject(ErrorCode.peerAddressFamilyMismatch);

  // RFC 8656 section 12.2: restrictions on peers, always answered 403 (SECURITY.md 1).
  const reach = state.access.peers.policyOf(allocation.credential).verdict(named.ip);
  if (reach === 'denied') return reject(ErrorCode.forbidden, { cause: 'peer-denied', peer: named.ip });
  // RFC 8656 section 12.2: capacity limits. A refresh takes no room.
  const added = allocation.permissions.has(ipKey(peer.ip)) ? 0 : 1;
  if (!hasRoomForPermissions(state, allocation, added)) return reject(ErrorCode.insufficientCapacity);
  if (known === undefined && !hasRoomForChannel(state, allocation)) return reject(ErrorCode.insufficientCapacity);

  installPermission(state, relay, peer.ip, reach, nowMs);
  installChannel(state, relay, number, peer, nowMs);
  return { kind: 'done' };
}
