import { readUint16, writeUint16 } from './byte-access.ts';

/** Bytes of a ChannelData header (RFC 8656 section 12.4). */
export const channelDataHeaderLength = 4;

/** The lowest channel number (RFC 8656 section 12). */
export const firstChannel = 0x4000;

/** Which channel numbers are served: 0x4000-0x4FFF (RFC 8656 section 12), or 0x4000-0x7FFE for clients of RFC 5766 (section 11). */
export type ChannelRange = 'rfc8656' | 'rfc5766';

/** The highest channel number of a range. */
export function lastChannel(range: ChannelRange): number {
  return range === 'rfc8656' ? 0x4fff : 0x7ffe;
}

/** The lowest first byte of ChannelData (RFC 8656 section 12, table 3). */
export const firstChannelByte = firstChannel >>> 8;

/** The highest first byte of ChannelData. */
export function lastChannelByte(range: ChannelRange): number {
  return lastChannel(range) >>> 8;
}

/** Whether a client may bind this channel number. */
export function isChannelNumber(number: number, range: ChannelRange): boolean {
  return number >= firstChannel && number <= lastChannel(range);
}

/** A ChannelData message. */
export interface ChannelData {
  readonly channel: number;
  /** The application data, a view, without padding. */
  readonly data: Uint8Array;
}

/**
 * Reads a ChannelData message (RFC 8656 sections 12.4 and 12.6). Null when it is truncated or the channel number lies
 * outside 0x4000-0x7FFF. What is behind the data is padding, and ignored.
 */
export function readChannelData(bytes: Uint8Array): ChannelData | null {
  if (bytes.length < channelDataHeaderLength) return null;
  const channel = readUint16(bytes, 0);
  const end = channelDataHeaderLength + readUint16(bytes, 2);
  if (channel < firstChannel || channel > 0x7fff || end > bytes.length) return null;
  return { channel, data: bytes.subarray(channelDataHeaderLength, end) };
}

/** The header that goes before `dataLength` bytes of application data (RFC 8656 section 12.4). */
export function channelDataHeader(channel: number, dataLength: number): Uint8Array {
  const header = new Uint8Array(channelDataHeaderLength);
  writeUint16(header, 0, channel);
  writeUint16(header, 2, dataLength);
  return header;
}
