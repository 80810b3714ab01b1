import { describe, expect, test } from 'vitest';
import {
  bindingRequest,
  channelData,
  openStreamBench,
  padded,
  readBytes,
  streamTransports,
  until,
} from './stream-bench.ts';

const frames = [
  bindingRequest(),
  channelData(0x4000, Uint8Array.of(1, 2, 3, 4, 5)),
  channelData(0x4001, new Uint8Array()),
  bindingRequest(),
];
const onTheWire = Buffer.concat(frames.map(padded));

describe.each(streamTransports)('frames from clients over %s', (transport) => {
  test('RFC 8656 12.5: arrive without padding however the stream is split', async () => {
    const bench = await openStreamBench({ transport });
    const socket = await bench.connect();
    for (let split = 1; split < onTheWire.length; split += 1) {
      const before = bench.seen.frames.length;
      socket.write(onTheWire.subarray(0, split));
      await new Promise((resolve) => setTimeout(resolve, 1));
      socket.write(onTheWire.subarray(split));
      await until(() => bench.seen.frames.length >= before + frames.length);
      expect(bench.seen.frames.slice(before).map((frame) => frame.bytes)).toEqual(frames);
    }
  });

  test('RFC 8656 12.5: arrive one by one when several came at once', async () => {
    const bench = await openStreamBench({ transport });
    const socket = await bench.connect();
    socket.write(Buffer.concat([onTheWire, onTheWire, onTheWire]));
    await until(() => bench.seen.frames.length === 3 * frames.length);
    expect(bench.seen.frames.map((frame) => frame.bytes)).toEqual([...frames, ...frames, ...frames]);
  });

  test.each([
    ['a first byte that is neither STUN nor ChannelData', Uint8Array.of(0xff, 0, 0, 0)],
    ['a TLS ClientHello', Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1)],
    ['a channel outside of the range', channelData(0x5000, new Uint8Array(4))],
    ['a STUN message without the magic cookie', new Uint8Array(20)],
  ])('SECURITY.md 10: %s ends the stream, after the good frames before it', async (_what, bad) => {
    const bench = await openStreamBench({ transport });
    const socket = await bench.connect();
    socket.write(Buffer.concat([bindingRequest(), bad, bindingRequest()]));
    await until(() => bench.seen.gone.length === 1);
    expect(bench.seen.frames).toHaveLength(1);
    expect(bench.streams.counters).toMatchObject({ accepted: 1, badFrames: 1 });
    expect(bench.streams.size).toBe(0);
    await until(() => socket.closed);
  });

  test('SECURITY.md 10: a frame above the bound ends the stream, before it is all there', async () => {
    const bench = await openStreamBench({ transport, limits: { maxFrameBytes: 1000 } });
    const { socket, client } = await bench.connectKnown();
    bench.streams.markAuthenticated(client);
    socket.write(padded(channelData(0x4000, new Uint8Array(996))));
    await until(() => bench.seen.frames.length === 2);
    socket.write(channelData(0x4000, new Uint8Array(997)).subarray(0, 4));
    await until(() => bench.seen.gone.length === 1);
    expect(bench.streams.counters.badFrames).toBe(1);
  });

  test('SECURITY.md 10: a stranger may not leave much of a frame behind, a client with an allocation may', async () => {
    const bench = await openStreamBench({ transport, limits: { maxUnauthenticatedFrameBytes: 2000 } });
    const stranger = await bench.connect();
    const known = await bench.connectKnown();
    bench.streams.markAuthenticated(known.client);
    const frame = padded(channelData(0x4000, new Uint8Array(3000)));
    known.socket.write(frame.subarray(0, 2500));
    stranger.write(frame.subarray(0, 2500));
    await until(() => bench.seen.gone.length === 1);
    expect(bench.seen.gone[0]?.stream).not.toBe(known.client.stream);
    known.socket.write(frame.subarray(2500));
    await until(() => bench.seen.frames.length === 2);
  });

  test('nothing that follows the frame which ended the stream is read', async () => {
    const bench = await openStreamBench({
      transport,
      onFrame: (_frame, client) => {
        bench.streams.close(client);
      },
    });
    const socket = await bench.connect();
    socket.write(Buffer.concat([bindingRequest(), bindingRequest()]));
    await until(() => bench.seen.gone.length === 1);
    expect(bench.seen.frames).toHaveLength(1);
  });

  test('a flood of tiny frames on one stream leaves turns to the others', async () => {
    let framesThisTurn = 0;
    let mostFramesInATurn = 0;
    const bench = await openStreamBench({
      transport,
      onFrame: () => {
        framesThisTurn += 1;
        mostFramesInATurn = Math.max(mostFramesInATurn, framesThisTurn);
      },
    });
    let turns: NodeJS.Immediate;
    const nextTurn = (): void => {
      framesThisTurn = 0;
      turns = setImmediate(nextTurn);
    };
    turns = setImmediate(nextTurn);
    const socket = await bench.connect();
    const flood = Buffer.alloc(2 * 1024 * 1024);
    for (let at = 0; at < flood.length; at += 4) flood.set([0x40, 0, 0, 0], at);
    socket.write(flood);
    await until(() => bench.seen.frames.length === flood.length / 4);
    clearImmediate(turns);
    const framesOfOneRead = 65_536 / 4;
    expect(mostFramesInATurn).toBeLessThanOrEqual(2 * framesOfOneRead);
  });
});

describe.each(streamTransports)('media to clients over %s', (transport) => {
  test.each([
    [0, 8],
    [1, 7],
    [2, 6],
    [3, 5],
    [0, 0],
  ])('RFC 8656 12.5: header, payload and %i bytes of zero padding leave in order', async (padding, length) => {
    const bench = await openStreamBench({ transport });
    const { socket, client } = await bench.connectKnown();
    const frame = channelData(0x4000, new Uint8Array(length).fill(0xab));
    const received = readBytes(socket, 2 * (frame.length + padding));
    bench.streams.deliver(client, frame.subarray(0, 4), frame.subarray(4), padding);
    bench.streams.deliver(client, frame.subarray(0, 4), frame.subarray(4), padding);
    const expected = Buffer.concat([frame, new Uint8Array(padding)]);
    expect(await received).toEqual(Buffer.concat([expected, expected]));
  });

  test('responses and media keep their order', async () => {
    const bench = await openStreamBench({ transport });
    const { socket, client } = await bench.connectKnown();
    const received = readBytes(socket, 12);
    bench.streams.send(client, Uint8Array.of(1, 1, 1, 1));
    bench.streams.deliver(client, Uint8Array.of(2, 2), Uint8Array.of(2, 2), 0);
    bench.streams.send(client, Uint8Array.of(3, 3, 3, 3));
    expect([...(await received)]).toEqual([1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]);
  });
});
