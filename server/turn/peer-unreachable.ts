import type { IcmpError, RelayId } from '../seam/relay.ts';
import { MessageWriter } from '../stun/message.ts';
import { AttributeType, Method } from '../stun/registry.ts';
import { ipKey, type IpFamily, type TransportAddress } from '../stun/transport-address.ts';
import { writeIcmp } from '../stun/turn-attributes.ts';
import type { TurnState } from './state.ts';

/** The plane received an ICMP error for a packet to this peer: with a permission for it, the client is told (RFC 8656 section 11.5). */
export function peerUnreachable(state: TurnState, relay: RelayId, peer: TransportAddress, icmp: IcmpError): void {
  const attached = state.attached.get(relay);
  if (attached === undefined || !isRelayedType(peer.ip.family, icmp.type)) return;
  if (!attached.allocation.permissions.has(ipKey(peer.ip))) return;
  const writer = new MessageWriter(Method.data, 'indication', state.options.randomBytes(12));
  writer.xorAddress(AttributeType.xorPeerAddress, peer);
  writeIcmp(writer, icmp);
  state.actions.push({ kind: 'send', client: attached.allocation.client, bytes: writer.finish() });
}

/** RFC 8656 section 11.5: of ICMPv4 "destination unreachable" and "time exceeded", of ICMPv6 also "packet too big". */
function isRelayedType(family: IpFamily, type: number): boolean {
  return family === 4 ? type === 3 || type === 11 : type >= 1 && type <= 3;
}
