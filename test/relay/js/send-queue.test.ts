import { describe, expect, test } from 'vitest';
import { HeaderPool } from '../../../server/relay/js/header-pool.ts';
import { maxQueuedBytes, SendGate } from '../../../server/relay/js/send-gate.ts';

// On loopback the kernel never refuses a packet, so the length of the queue is told by hand here.

describe('SendGate', () => {
  test('admits everything while the queue is short, asking for it rarely', () => {
    let asked = 0;
    const gate = new SendGate({ getSendQueueSize: () => (asked++, 0) });
    for (let packet = 0; packet < 10_000; packet++) expect(gate.admits(200)).toBe(true);
    expect(asked).toBeGreaterThan(10);
    expect(asked).toBeLessThan(100);
  });

  test.each([0, 200, 1200, 65507])(
    'packets of %i bytes: the queue never grows far beyond its bound, and drains',
    (size) => {
      let queued = 0;
      const gate = new SendGate({ getSendQueueSize: () => queued });
      for (let packet = 0; packet < 100_000; packet++) if (gate.admits(size)) queued += size;
      expect(queued).toBeLessThanOrEqual(maxQueuedBytes + 64 * 1024 + size);
      queued = maxQueuedBytes + 1;
      for (let packet = 0; packet < 2_000; packet++) gate.admits(size);
      expect(gate.admits(size), 'full').toBe(false);
      queued = 0;
      expect(gate.admits(size), 'drained').toBe(true);
    },
  );
});

describe('HeaderPool', () => {
  test('uses its buffers again while nothing waits', () => {
    const pool = new HeaderPool({ getSendQueueCount: () => 0 }, 4);
    const seen = new Set<Buffer>();
    for (let packet = 0; packet < 1_000; packet++) seen.add(pool.take());
    expect(seen.size).toBeLessThan(100);
  });

  test('a header that waits in the queue is never written to again', () => {
    const waiting: Buffer[] = [];
    const pool = new HeaderPool({ getSendQueueCount: () => waiting.length }, 4);
    for (let packet = 0; packet < 1_000; packet++) {
      const header = pool.take();
      header.writeUInt32BE(packet);
      waiting.push(header);
    }
    expect(waiting.map((header) => header.readUInt32BE())).toEqual(
      Array.from({ length: 1_000 }, (_, packet) => packet),
    );
  });
});
