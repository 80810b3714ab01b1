import type * as Crypto from 'node:crypto';
import { expect, onTestFinished, test, vi } from 'vitest';
import { attribute } from '../../server/stun/message.ts';
import { AttributeType } from '../../server/stun/registry.ts';
import { writeEvenPort } from '../../server/stun/turn-attributes.ts';
import { TurnClient } from '../support/turn-client.ts';
import { credentialOf, startEngine } from './loopback-engine.ts';

/** All that the system's source of randomness has given: real, and noted. */
const given = vi.hoisted(() => ({ words: [] as Uint32Array[], bytes: [] as string[] }));

vi.mock('node:crypto', async (importOriginal) => {
  const crypto = await importOriginal<typeof Crypto>();
  return {
    ...crypto,
    randomFillSync: (words: Uint32Array) => {
      crypto.randomFillSync(words);
      given.words.push(words.slice());
      return words;
    },
    randomBytes: (length: number) => {
      const bytes = crypto.randomBytes(length);
      given.bytes.push(bytes.toString('hex'));
      return bytes;
    },
  };
});

test('SECURITY.md 12: what decides ports and tokens in the relay is what the system’s CSPRNG gave', async () => {
  const firstPort = 50_000;
  // Two powers of two, of which a word is the remainder without another draw.
  const pairs = 1024;
  const { engine, udp } = await startEngine({ relayPorts: { first: firstPort, last: firstPort + 2 * pairs - 1 } });
  const client = await TurnClient.overUdp(udp, credentialOf('alice', 600));
  onTestFinished(() => client.close());
  const { code, relayed, message } = await client.allocate(
    (writer) => void writeEvenPort(writer, { reserveNext: true }),
  );
  expect(code).toBe(0);
  const token = attribute(message, AttributeType.reservationToken) ?? new Uint8Array();
  expect(given.bytes).toContain(Buffer.from(token).toString('hex'));
  const drawable = given.words.flatMap((words) =>
    [...words.subarray(0, 16)].map((word) => firstPort + 2 * (word % pairs)),
  );
  expect(drawable).toContain(relayed?.port);
  expect(engine.status.counts.machine.portsTaken).toBe(2);
});
