import { describe, expect, test } from 'vitest';
import { TestClient } from './test-client.ts';
import { TestMachine } from './test-machine.ts';

describe('SECURITY.md 11: zero-length and one-byte datagrams', () => {
  const datagrams = [new Uint8Array(), ...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte))];

  test.each([
    ['a stranger on UDP', 'udp', false],
    ['a stranger on a stream', 'tcp', false],
    ['a client with an allocation', 'udp', true],
  ] as const)('from %s they change nothing and are not answered', (_, transport, hasAllocation) => {
    const machine = new TestMachine();
    const client = new TestClient(machine, { transport });
    if (hasAllocation) client.allocate();
    const { malformed: _before, ...before } = machine.server.stats;
    for (const datagram of datagrams) expect(machine.receive(datagram, client.client)).toEqual([]);
    const { malformed, ...after } = machine.server.stats;
    expect(after).toEqual(before);
    expect(malformed).toBe(datagrams.length);
  });
});

describe('SECURITY.md 2: no memory for strangers', () => {
  test('forged requests from ten thousand sources leave every table the size it was', () => {
    const machine = new TestMachine();
    const builder = new TestClient(machine);
    const { challengesWithheld: _before, ...before } = machine.server.stats;
    const forgeries = [
      builder.build(0x001, () => undefined, { integrity: 'none' }),
      builder.build(0x003, () => undefined, { integrity: 'none' }),
      builder.build(0x003, () => undefined, { nonce: 'forged' }),
      builder.build(0x004, () => undefined, { nonce: 'forged', username: 'constructor' }),
    ].map((bytes) => bytes.slice());
    for (let source = 0; source < 10_000; source++) {
      const ip = { family: 4, w0: 0x0b000000 + source, w1: 0, w2: 0, w3: 0 } as const;
      const bytes = forgeries[source % forgeries.length] ?? new Uint8Array();
      const done = machine.receive(bytes, machine.udpClient({ ip, port: 1 + (source % 60_000) }));
      expect(done.map(({ kind }) => kind)).toEqual(['send']);
    }
    const { challengesWithheld: _after, ...after } = machine.server.stats;
    expect(after).toEqual(before);
    expect(machine.server.nextTimeoutMs).toBe(Infinity);
  });
});
