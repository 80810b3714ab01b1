import { describe, expect, test } from 'vitest';
import { channelDataHeader, isChannelNumber, readChannelData } from '../../server/stun/channel-data.ts';
import { bytesOf, hexOf } from '../vectors/hex.ts';

describe('RFC 8656 12: channel numbers', () => {
  test.each([
    [0x0000, false, false],
    [0x3fff, false, false],
    [0x4000, true, true],
    [0x4fff, true, true],
    [0x5000, false, true],
    [0x7ffe, false, true],
    [0x7fff, false, false],
    [0x8000, false, false],
    [0xffff, false, false],
  ])('channel %i', (channel, inRfc8656, inRfc5766) => {
    expect(isChannelNumber(channel, 'rfc8656')).toBe(inRfc8656);
    expect(isChannelNumber(channel, 'rfc5766')).toBe(inRfc5766);
  });
});

describe('RFC 8656 12.4 and 12.6: ChannelData', () => {
  test.each([
    ['data', '40000003 010203', 0x4000, '010203'],
    ['no data', '4fff0000', 0x4fff, ''],
    ['padding is left out', '40000003 010203ff', 0x4000, '010203'],
    ['bytes beyond the padding too', '40000001 01ffffffffffff', 0x4000, '01'],
    ['a channel of RFC 5766', '7ffe0001 aa', 0x7ffe, 'aa'],
  ])('%s', (_, hex, channel, data) => {
    const message = readChannelData(bytesOf(hex));
    expect(message?.channel).toBe(channel);
    expect(hexOf(message?.data ?? bytesOf('ee'))).toBe(data);
  });

  test.each([
    ['nothing', ''],
    ['one byte', '40'],
    ['three bytes', '400000'],
    ['data truncated', '40000003 0102'],
    ['the largest length', '4000ffff 01'],
    ['a STUN message', '00010000 2112a442'],
    ['below the channels', '3fff0000'],
    ['above the channels', '80000000'],
  ])('%s is none', (_, hex) => {
    expect(readChannelData(bytesOf(hex))).toBeNull();
  });

  test('data is a view', () => {
    const bytes = bytesOf('40000003010203');
    const message = readChannelData(bytes);
    bytes[4] = 0xff;
    expect(hexOf(message?.data ?? bytesOf('ee'))).toBe('ff0203');
  });

  test.each([
    [0x4000, 0, '40000000'],
    [0x4fff, 1200, '4fff04b0'],
    [0x7ffe, 0xffff, '7ffeffff'],
  ])('the header of channel %i and %i bytes', (channel, length, hex) => {
    expect(hexOf(channelDataHeader(channel, length))).toBe(hex);
  });
});
