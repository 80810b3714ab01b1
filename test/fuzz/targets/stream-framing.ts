import { strict as assert } from 'node:assert';
import { headerLength, magicCookie } from '../../../server/stun/registry.ts';
import { readUint16, readUint32 } from '../../../server/stun/byte-access.ts';
import { lastChannelByte, type ChannelRange } from '../../../server/stun/channel-data.ts';
import { StreamFramer } from '../../../server/stun/stream-framing.ts';
import { mutateMessage } from '../attribute-mutation.ts';
import { Draw } from '../engine/draw.ts';
import { concatenated, mutateBytes } from '../engine/mutate-bytes.ts';
import type { FuzzTarget } from '../engine/target.ts';
import { seedMessages } from '../seed-messages.ts';

const key = new Uint8Array(16);
const limits = [20, 64, 256, 1600, 65_555];

/** How a stream is cut up, from the first two bytes of an input. */
interface Options {
  readonly channelRange: ChannelRange;
  readonly maxFrameBytes: number;
}

/**
 * RFC 8656 sections 3.1 and 12.5: the frames of a stream are the same however it is cut, and what is held is bounded. An
 * input is a byte of options, a byte that chooses how to cut, and the stream.
 */
export const streamFraming: FuzzTarget = {
  name: 'stream-framing',
  maxBytes: 3072,
  batch: 256,
  seeds: () => [0, 3, 9].map((options) => concatenated(Uint8Array.of(options, 1), ...seedMessages(key))),
  mutate(input, other, draw) {
    const frames = cut(input.subarray(2), { channelRange: 'rfc5766', maxFrameBytes: 65_555 });
    const at = draw.below(frames.length);
    const frame = frames[at];
    if (frame === undefined || draw.oneIn(4)) return mutateBytes(input, other, draw);
    const others = seedMessages(key);
    const change = draw.below(4);
    if (change === 0) frames.splice(at, 1);
    else if (change === 1) frames.splice(at, 0, draw.pick(others));
    else if (change === 2) frames[at] = mutateBytes(frame, draw.pick(others), draw);
    else frames[at] = mutateMessage(frame, draw.pick(others), key, draw);
    return concatenated(mutateBytes(input.subarray(0, 2), other, draw).slice(0, 2), ...frames);
  },
  run(input, observe) {
    const [first = 0, second = 0] = input;
    const options: Options = {
      channelRange: (first & 1) === 0 ? 'rfc8656' : 'rfc5766',
      maxFrameBytes: limits[(first >> 1) % limits.length] ?? 20,
    };
    const stream = input.subarray(2);
    const whole = frameBy(stream, options, () => stream.length);
    const { frames, verdict } = expected(stream, options);
    assertSame(whole, { frames, verdict }, 'the frames are those of RFC 8656');
    const draw = new Draw(second);
    for (const size of [() => 1, () => 1 + draw.below(7), () => 1 + draw.below(300)]) {
      assertSame(frameBy(stream, options, size), whole, 'the frames are the same however the stream is cut');
    }
    observe(Math.min(20, frames.length) * 2 + Number(verdict === 'ok'));
  },
};

/** What a stream was cut into. */
interface Framed {
  readonly frames: readonly Uint8Array[];
  readonly verdict: string;
}

function assertSame(a: Framed, b: Framed, rule: string): void {
  assert.equal(a.verdict, b.verdict, rule);
  assert.equal(a.frames.length, b.frames.length, rule);
  for (const [at, frame] of a.frames.entries()) {
    assert(Buffer.compare(frame, b.frames[at] ?? new Uint8Array()) === 0, rule);
  }
}

function frameBy(stream: Uint8Array, options: Options, sizeOf: () => number): Framed {
  const framer = new StreamFramer(options);
  const frames: Uint8Array[] = [];
  let verdict = 'ok';
  for (let at = 0; at < stream.length;) {
    const chunk = stream.slice(at, at + sizeOf());
    at += chunk.length;
    const before = frames.length;
    const wasBad = verdict === 'bad-frame';
    verdict = framer.push(chunk, (frame) => {
      assert(frame.length <= options.maxFrameBytes, 'a frame is not longer than allowed');
      // What is held for a frame of several chunks grows with what arrives, in steps.
      const isView = frame.buffer === chunk.buffer;
      assert(isView || frame.buffer.byteLength <= Math.max(256, 2 * (at + 3)), 'no more is held than has arrived');
      frames.push(frame.slice());
    });
    if (wasBad) assert(verdict === 'bad-frame' && frames.length === before, 'after a bad frame nothing is accepted');
  }
  return { frames, verdict };
}

/** The same, said in the plainest way. */
function expected(stream: Uint8Array, options: Options): Framed {
  const frames = cut(stream, options);
  const end = frames.reduce((sum, frame) => sum + frame.length, 0);
  // What is left over is the beginning of a frame, or none.
  const rest = stream.subarray(end);
  const whole = frames.map((frame) => frame.slice(0, statedLength(frame)));
  return { frames: whole, verdict: isBad(rest, options) ? 'bad-frame' : 'ok' };
}

/** The frames with their padding. */
function cut(stream: Uint8Array, options: Options): Uint8Array[] {
  const frames: Uint8Array[] = [];
  let at = 0;
  while (at + 4 <= stream.length) {
    const rest = stream.subarray(at);
    const size = (statedLength(rest) + 3) & ~3;
    if (isBad(rest, options) || rest.length < size) break;
    frames.push(rest.slice(0, size));
    at += size;
  }
  return frames;
}

function statedLength(frame: Uint8Array): number {
  return ((frame[0] ?? 0) <= 3 ? headerLength : 4) + readUint16(frame, 2);
}

function isBad(bytes: Uint8Array, { channelRange, maxFrameBytes }: Options): boolean {
  const [first] = bytes;
  if (first === undefined) return false;
  const isStun = first <= 3;
  if (!isStun && (first < 64 || first > lastChannelByte(channelRange))) return true;
  if (bytes.length < 4) return false;
  if (statedLength(bytes) > maxFrameBytes) return true;
  if (!isStun) return false;
  return readUint16(bytes, 2) % 4 !== 0 || (bytes.length >= 8 && readUint32(bytes, 4) !== magicCookie);
}
