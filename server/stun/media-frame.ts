import { firstChannelByte } from './channel-data.ts';

/** Whether a frame's type is that of a Send indication: method 0x006, class indication (RFC 8489 section 5). */
export function isSendIndication(frame: Uint8Array): boolean {
  return frame[0] === 0x00 && frame[1] === 0x16;
}

/** Whether a STUN or ChannelData message from a client carries data for a peer (RFC 8656 sections 11.2 and 12.6). */
export function isMediaFrame(frame: Uint8Array): boolean {
  return (frame[0] ?? 0) >= firstChannelByte || isSendIndication(frame);
}
