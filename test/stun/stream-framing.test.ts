import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ChannelRange } from '../../server/stun/channel-data.ts';
import { MessageWriter } from '../../server/stun/message.ts';
import { AttributeType, Method } from '../../server/stun/registry.ts';
import { StreamFramer } from '../../server/stun/stream-framing.ts';
import { bytesOf, hexOf } from '../vectors/hex.ts';

const stunHeader = '00010000 2112a442 000102030405060708090a0b';
const stun = hexOf(
  new MessageWriter(Method.binding, 'request', new Uint8Array(12)).text(AttributeType.software, 'abcde').finish(),
);

function framer(options: { maxFrameBytes?: number; channelRange?: ChannelRange } = {}): StreamFramer {
  return new StreamFramer({ maxFrameBytes: 2048, channelRange: 'rfc8656', ...options });
}

/** Pushes chunks one after the other; answers the frames in hexadecimal and the last verdict. */
function framed(stream: StreamFramer, ...chunks: readonly Uint8Array[]): { frames: string[]; verdict: string } {
  const frames: string[] = [];
  let verdict = 'ok';
  for (const chunk of chunks) verdict = stream.push(chunk, (frame) => frames.push(hexOf(frame)));
  return { frames, verdict };
}

/** The stream's bytes, and the frames that it should give. */
const conversation = {
  bytes: bytesOf(
    [
      stunHeader,
      '40000004 01020304',
      '40000005 0102030405 000000',
      '4fff0000',
      stun,
      '40010001 aa 000000',
      '40010002 aabb 0000',
      '40010003 aabbcc 00',
      '40010000',
      stunHeader,
    ].join(''),
  ),
  frames: [
    stunHeader.replaceAll(' ', ''),
    '4000000401020304',
    '400000050102030405',
    '4fff0000',
    stun,
    '40010001aa',
    '40010002aabb',
    '40010003aabbcc',
    '40010000',
    stunHeader.replaceAll(' ', ''),
  ],
};

describe('RFC 8656 12.5: frames of a stream, padding left out', () => {
  test('all in one chunk', () => {
    expect(framed(framer(), conversation.bytes)).toEqual({ frames: conversation.frames, verdict: 'ok' });
  });

  test('split in two at every boundary', () => {
    for (let at = 0; at <= conversation.bytes.length; at++) {
      const parts = [conversation.bytes.subarray(0, at), conversation.bytes.subarray(at)];
      expect(framed(framer(), ...parts), `split at ${at}`).toEqual({ frames: conversation.frames, verdict: 'ok' });
    }
  });

  test.each([1, 2, 3, 4, 5, 7, 8, 19, 20, 21])('in pieces of %i', (size) => {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < conversation.bytes.length; at += size) {
      pieces.push(conversation.bytes.subarray(at, at + size));
    }
    expect(framed(framer(), ...pieces)).toEqual({ frames: conversation.frames, verdict: 'ok' });
  });

  test('split in any way', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(conversation.bytes.length), { maxLength: 12 }), (cuts) => {
        const edges = [0, ...cuts.sort((a, b) => a - b), conversation.bytes.length];
        const pieces = edges.slice(1).map((end, at) => conversation.bytes.subarray(edges[at], end));
        expect(framed(framer(), ...pieces)).toEqual({ frames: conversation.frames, verdict: 'ok' });
      }),
    );
  });

  test('a frame is given out as soon as its padding is there, and not before', () => {
    const stream = framer();
    expect(framed(stream, bytesOf('40000001 aa 0000')).frames).toEqual([]);
    expect(framed(stream, bytesOf('00')).frames).toEqual(['40000001aa']);
  });

  test('within one chunk a frame is a view; across two it is whole', () => {
    const stream = framer();
    const chunk = bytesOf('40000004 01020304 40000004 0102');
    let inside: Uint8Array | undefined;
    stream.push(chunk, (frame) => (inside = frame));
    expect(inside?.buffer).toBe(chunk.buffer);
    chunk.fill(0xff);
    expect(framed(stream, bytesOf('0304')).frames).toEqual(['4000000401020304']);
  });

  test('an empty chunk changes nothing', () => {
    const stream = framer();
    expect(framed(stream, new Uint8Array(0), bytesOf('4000'), new Uint8Array(0), bytesOf('0000'))).toEqual({
      frames: ['40000000'],
      verdict: 'ok',
    });
  });
});

describe('what is no frame', () => {
  test.each<[string, string, ChannelRange]>([
    ['RFC 7983: a first byte of 4', '04', 'rfc8656'],
    ['RFC 7983: of DTLS', '16', 'rfc8656'],
    ['RFC 7983: 63', '3f', 'rfc8656'],
    ['RFC 8656 12: 80, above the channels', '50', 'rfc8656'],
    ['RFC 5766 11: 128, above the channels', '80', 'rfc5766'],
    ['RFC 7983: of RTP', '80', 'rfc8656'],
    ['255', 'ff', 'rfc8656'],
    ['an HTTP request, whose first byte is a channel’s', '474554202f', 'rfc8656'],
    ['RFC 8489 5: a length that is no multiple of 4', '00010002', 'rfc8656'],
    ['RFC 8489 5: no magic cookie', '00010000 2112a443', 'rfc8656'],
    ['a STUN message beyond the limit', '00010800', 'rfc8656'],
    ['ChannelData beyond the limit', '400007fd', 'rfc8656'],
    ['ChannelData of the largest length', '4000ffff', 'rfc8656'],
  ])('%s', (_, hex, channelRange) => {
    const bytes = bytesOf(hex);
    expect(framed(framer({ channelRange }), bytes)).toEqual({ frames: [], verdict: 'bad-frame' });
    const oneByOne = Array.from(bytes, (byte) => Uint8Array.of(byte));
    expect(framed(framer({ channelRange }), ...oneByOne)).toEqual({ frames: [], verdict: 'bad-frame' });
  });

  test.each<[string, string, ChannelRange]>([
    ['RFC 8656 12: 79', '4fff0000', 'rfc8656'],
    ['RFC 5766 11: 80', '50000000', 'rfc5766'],
    ['RFC 5766 11: 127', '7ffe0000', 'rfc5766'],
  ])('%s is one', (_, hex, channelRange) => {
    expect(framed(framer({ channelRange }), bytesOf(hex))).toEqual({ frames: [hex], verdict: 'ok' });
  });

  test.each([
    ['STUN', `${stunHeader.replace('0000', '07ec')}${'00'.repeat(2028)}`, 2048],
    ['ChannelData', `400007fc${'ab'.repeat(2044)}`, 2048],
    ['ChannelData with padding', `400007f9${'ab'.repeat(2041)}000000`, 2045],
  ])('%s of exactly the limit is one, in one piece or byte by byte', (_, hex, length) => {
    const bytes = bytesOf(hex);
    for (const chunks of [[bytes], Array.from(bytes, (byte) => Uint8Array.of(byte))]) {
      const { frames, verdict } = framed(framer({ maxFrameBytes: length }), ...chunks);
      expect(verdict).toBe('ok');
      expect(frames.map((frame) => frame.length / 2)).toEqual([length]);
    }
  });

  test('frames before it are given out, nothing is after it', () => {
    const stream = framer();
    expect(framed(stream, bytesOf('40000000 04000000 40010000'))).toEqual({
      frames: ['40000000'],
      verdict: 'bad-frame',
    });
    expect(framed(stream, bytesOf('40000000'))).toEqual({ frames: [], verdict: 'bad-frame' });
  });
});

describe('stop', () => {
  test('within onFrame: the rest of the chunk and all later ones are left alone', () => {
    const stream = framer();
    const frames: string[] = [];
    const verdict = stream.push(bytesOf('40000000 40010000 04'), (frame) => {
      frames.push(hexOf(frame));
      stream.stop();
    });
    expect(frames).toEqual(['40000000']);
    expect(verdict).toBe('ok');
    expect(framed(stream, bytesOf('40000000'))).toEqual({ frames: [], verdict: 'ok' });
  });

  test('within onFrame of a frame that was split', () => {
    const stream = framer();
    const frames: string[] = [];
    const take = (frame: Uint8Array): void => {
      frames.push(hexOf(frame));
      stream.stop();
    };
    stream.push(bytesOf('4000'), take);
    stream.push(bytesOf('0000 40010000'), take);
    expect(frames).toEqual(['40000000']);
  });

  test('a bad frame stays one', () => {
    const stream = framer();
    framed(stream, bytesOf('ff'));
    stream.stop();
    expect(framed(stream, bytesOf('40000000')).verdict).toBe('bad-frame');
  });
});

describe('SECURITY.md 10: bounded frames', () => {
  test('a header that promises much costs what has arrived', () => {
    const promised = 60_000;
    const streams = Array.from({ length: 400 }, () => framer({ maxFrameBytes: 65_536 }));
    const before = process.memoryUsage().arrayBuffers;
    for (const stream of streams) stream.push(bytesOf(`4000ea60 01`), () => expect.unreachable());
    const grown = process.memoryUsage().arrayBuffers - before;
    expect(grown).toBeLessThan((streams.length * promised) / 20);
  });

  test('any bytes in any pieces: no throw, no frame beyond the limit', () => {
    const first = fc.constantFrom(0x00, 0x01, 0x40, 0x4f, 0x04);
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.tuple(first, fc.uint8Array({ maxLength: 40 })).map(([byte, rest]) => Uint8Array.of(byte, ...rest)),
      fc.constantFrom(bytesOf(stunHeader), bytesOf(stun), bytesOf('40000000'), bytesOf('4000000301020300')),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const { frames } = framed(framer({ maxFrameBytes: 64 }), ...pieces);
        for (const frame of frames) expect(frame.length / 2).toBeLessThanOrEqual(64);
        const whole = framed(framer({ maxFrameBytes: 64 }), Uint8Array.from(pieces.flatMap((part) => [...part])));
        expect(whole.frames).toEqual(frames);
      }),
      { numRuns: 500 },
    );
  });
});
