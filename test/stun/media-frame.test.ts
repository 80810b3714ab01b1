import { describe, expect, test } from 'vitest';
import { isMediaFrame, isSendIndication } from '../../server/stun/media-frame.ts';
import { MessageWriter, type MessageClass } from '../../server/stun/message.ts';
import { Method } from '../../server/stun/registry.ts';
import { bytesOf } from '../vectors/hex.ts';

const classes: readonly MessageClass[] = ['request', 'indication', 'success', 'error'];

describe('RFC 8656 11.2 and 12.6: what carries data for a peer', () => {
  test.each(
    Object.entries(Method).flatMap(([name, method]) =>
      classes.map((messageClass) => [name, method, messageClass] as const),
    ),
  )('%s (0x%x) as %s', (name, method, messageClass) => {
    const frame = new MessageWriter(method, messageClass, new Uint8Array(12)).finish();
    const isSend = name === 'send' && messageClass === 'indication';
    expect([isSendIndication(frame), isMediaFrame(frame)]).toEqual([isSend, isSend]);
  });

  test.each([
    ['the lowest channel', '40000000', true],
    ['the highest channel of RFC 8656', '4fff0000', true],
    ['the highest channel of RFC 5766', '7ffe0000', true],
    ['below the channels', '3fff0000', false],
    ['nothing', '', false],
    ['one byte of zero', '00', false],
  ])('%s', (_, hex, isMedia) => {
    expect([isSendIndication(bytesOf(hex)), isMediaFrame(bytesOf(hex))]).toEqual([false, isMedia]);
  });
});
