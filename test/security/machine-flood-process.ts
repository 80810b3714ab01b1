/**
 * The TURN machine under two floods of strangers, in a process of its own: run it with `--expose-gc`. Writes a `FloodReport`
 * of the second as one line of JSON.
 */
import { strict as assert } from 'node:assert';
import { randomBytes, randomInt } from 'node:crypto';
import { staticUser } from '../../server/credentials/credential-set.ts';
import type { ListenerId } from '../../server/seam/client.ts';
import { ipv4 } from '../../server/stun/transport-address.ts';
import { TurnServer } from '../../server/turn/turn-server.ts';
import { deltas, wholeSet } from '../turn/credentials.ts';
import * as forgeries from './forgeries.ts';
import type { FloodReport } from './flood-report.ts';
import { settledHeapBytes } from './settled-heap.ts';

const realm = 'turnpike.local';
const own = ipv4(0xc6130001);
const local = { ip: own, port: 3478 };
const nowMs = Date.now();

const machine = new TurnServer({
  realm,
  nonceKey: randomBytes(32),
  capabilities: { dontFragment: false, icmp: false },
  relayPorts: { first: 49_152, last: 65_535 },
  relaysTotal: 0,
  channelRange: 'rfc8656',
  defaultAddressFamily: 'ipv4',
  strictExpiry: false,
  alternateServers: [],
  peers: { allow: [], deny: [] },
  limits: {
    allocationsPerUser: 128,
    allocationsPerAddress: 0,
    allocationsTotal: 0,
    permissionsPerAllocation: 128,
    channelsPerAllocation: 128,
    bitsPerSecondPerAllocation: 0,
    bitsPerSecondPerUser: 0,
  },
  backoff: null,
  randomUint32: () => randomInt(2 ** 32),
  randomBytes,
});
const credentials = wholeSet({ realm, users: [staticUser('a', realm, 'b')], secrets: [] });
for (const delta of deltas(credentials)) machine.handleCredentials(delta, nowMs);
machine.handleAddressPlan({ own: [own], relays: [{ listener: own, ipv4: own, ipv6: null }], translations: [] }, nowMs);

/** The packet's answer, if there was one. */
function answerTo(source: number, bytes: Uint8Array): Uint8Array | undefined {
  // Every source calls from 50 ms after the one before it: a flood takes its time, and the machine's clock shows it.
  const remote = { ip: forgeries.anySource(source), port: 1024 + (source % 60_000) };
  machine.handleClientMessage(
    bytes,
    { transport: 'udp', listener: 1 as ListenerId, local, remote },
    nowMs + source * 50,
  );
  let answer: Uint8Array | undefined;
  for (let action = machine.nextAction(); action !== undefined; action = machine.nextAction()) {
    if (action.kind === 'send') answer = action.bytes;
  }
  return answer;
}

function floodFrom(firstSource: number): number {
  let answers = 0;
  const count = (answer: Uint8Array | undefined): Uint8Array | undefined => {
    if (answer !== undefined) answers += 1;
    return answer;
  };
  for (let source = firstSource; source < firstSource + forgeries.flood.sources; source++) {
    count(answerTo(source, forgeries.bindingRequest()));
    count(answerTo(source, forgeries.forgedRefresh()));
    const challenge = forgeries.readChallenge(count(answerTo(source, forgeries.openingAllocate())) ?? new Uint8Array());
    assert(challenge !== null, 'an Allocate without integrity is challenged');
    count(
      answerTo(source, source % 4 === 0 ? forgeries.noise(source >> 2) : forgeries.unknownUsersAllocate(challenge)),
    );
  }
  return answers;
}

floodFrom(0);
const before = {
  heapBytes: await settledHeapBytes(),
  tables: { ...machine.stats, nextTimeoutMs: machine.nextTimeoutMs },
};
const answers = floodFrom(forgeries.flood.sources);
const after = {
  heapBytes: await settledHeapBytes(),
  tables: { ...machine.stats, nextTimeoutMs: machine.nextTimeoutMs },
};
const report: FloodReport = { before, after, answers };
process.stdout.write(`${JSON.stringify(report)}\n`);
