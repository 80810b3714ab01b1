import { channelDataHeaderLength } from '../../stun/channel-data.ts';
import type { AttachedClient } from './attached-client.ts';
import type { Datapath } from './datapath.ts';

/** Forwards a ChannelData message of at least its header's size (RFC 8656 section 12.6). Bytes behind its data are padding. */
export function forwardChannelData(client: AttachedClient | undefined, frame: Uint8Array, path: Datapath): void {
  const number = (frame[0]! << 8) | frame[1]!;
  const length = (frame[2]! << 8) | frame[3]!;
  if (channelDataHeaderLength + length > frame.length) {
    path.drops.malformed++;
    return;
  }
  if (client === undefined) {
    path.drops.unknownChannel++;
    return;
  }
  let relay = client.relayIpv4;
  let channel = relay?.peers.channel(number);
  if (channel === undefined) {
    relay = client.relayIpv6;
    channel = relay?.peers.channel(number);
  }
  if (relay === null || channel === undefined) {
    path.drops.unknownChannel++;
    (client.relayIpv4 ?? client.relayIpv6)?.countClientDrop();
    return;
  }
  relay.sendToPeer(channel.peer, channel.port, frame, channelDataHeaderLength, length);
}

/** Forwards the data of a Send indication (RFC 8656 section 11.2). */
export function forwardSend(client: AttachedClient | undefined, frame: Uint8Array, path: Datapath): void {
  const send = path.sendIndication;
  if (!send.read(frame)) {
    path.drops.malformed++;
    return;
  }
  if (client === undefined) {
    path.drops.unknownChannel++;
    return;
  }
  const relay = send.family === 4 ? client.relayIpv4 : client.relayIpv6;
  const peer = relay?.peers.find(send.family, send.words);
  if (relay === null || peer === undefined) {
    path.drops.notPermitted++;
    (client.relayIpv4 ?? client.relayIpv6)?.countClientDrop();
    return;
  }
  relay.sendToPeer(peer, send.port, frame, send.dataOffset, send.dataLength);
}
