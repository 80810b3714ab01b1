import { fileURLToPath } from 'node:url';
import { describe, expect, test, type TestContext } from 'vitest';
import { eventually } from '../support/appliance.ts';
import { serverAddresses } from './lab-addresses.ts';
import { networkLab } from './network-lab.ts';
import { deniedPeers, publicPeers, unsendable } from './peers.ts';
import { reports, type Report } from './report.ts';

const canaryProcess = fileURLToPath(new URL('./canary-process.ts', import.meta.url));
const peerProbe = fileURLToPath(new URL('./peer-probe.ts', import.meta.url));
const ownAddressProbe = fileURLToPath(new URL('./own-address-probe.ts', import.meta.url));

interface Outcome {
  /** What canaries have received, here and behind every address. */
  readonly datagrams: readonly string[];
  readonly answers: readonly Extract<Report, { event: 'answered' }>[];
  readonly relayed: readonly string[];
}

/** Runs a probe beside a server with these flags until canaries have heard everything, `last` at the end. */
async function outcomeOf(
  context: TestContext,
  flags: readonly string[],
  [script, ...args]: readonly [script: string, ...args: string[]],
  last: readonly string[] = [],
): Promise<Outcome> {
  const lab = await networkLab(context);
  const canary = lab.runBehindEveryAddress(canaryProcess, []);
  const [server] = await Promise.all([lab.serve(flags), canary.seen(/"listening"/)]);
  const probe = lab.runBesideServer(script, args);
  await probe.seen(/"done"/);
  const datagrams = (): string[] =>
    [canary, probe].flatMap(({ stdout }) => reports(stdout, 'datagram').map(({ text }) => text));
  await eventually(`${last.join(' and ')} at the canary`, () => last.every((text) => datagrams().includes(text)));
  expect(server.hasEnded).toBe(false);
  return {
    datagrams: datagrams(),
    answers: reports(probe.stdout, 'answered'),
    relayed: reports(probe.stdout, 'relayed').map(({ text }) => text),
  };
}

function answered(peers: readonly string[], code: number): Outcome['answers'] {
  return peers.map((peer) => ({ event: 'answered', peer, permission: code, channel: code }));
}

/** What a canary hears of a peer that may be reached: nothing of what was sent before it was permitted or bound. */
function everyWayTo(peers: readonly string[]): string[] {
  return peers.flatMap((peer) => [`${peer} Send`, `${peer} ChannelData`]);
}

describe('SECURITY.md 1: through every path to every range', () => {
  const lastOfEachFamily = publicPeers.slice(-2);

  test('the canaries hear a socket that nobody guards, whatever address it sends to', async (context) => {
    const last = lastOfEachFamily.map((peer) => `${peer} unguarded`);
    const args = [peerProbe, 'unguarded', ...deniedPeers, ...publicPeers] as const;
    const { datagrams } = await outcomeOf(context, [], args, last);
    const heard = new Set(datagrams);
    const unheard = [...deniedPeers, ...publicPeers].filter((peer) => !heard.has(`${peer} unguarded`));
    expect(unheard.filter((peer) => !unsendable.includes(peer))).toEqual([]);
  });

  test.for(['udp', 'tcp'])(
    'over %s, all are answered 403 and zero bytes reach a canary; public addresses are reached',
    async (transport, context) => {
      const args = [peerProbe, transport, ...deniedPeers, ...publicPeers] as const;
      const { datagrams, answers } = await outcomeOf(context, [], args, everyWayTo(lastOfEachFamily));
      expect(datagrams.toSorted()).toEqual(everyWayTo(publicPeers).toSorted());
      expect(answers).toEqual([...answered(deniedPeers, 403), ...answered(publicPeers, 0)]);
    },
  );

  test('peers.allow opens a range, and peers.deny wins over it', async (context) => {
    const flags = [
      '--turn-peers-allow=10.0.0.0/8,fc00::/7,::ffff:0:0/96',
      '--turn-peers-deny=10.128.0.0/9,fd00::/16,8.8.8.0/24',
    ];
    const closed = [
      ...['10.128.0.0', '10.255.255.255', '64:ff9b::10.128.0.0', '::ffff:10.0.0.1', 'fd00::1', '8.8.8.8'],
      ...['64:ff9b::8.8.8.8', '192.168.0.1', 'fe80::1', '2001:db8::3'],
    ];
    const open = ['10.0.0.0', '64:ff9b::10.127.255.255', '10.127.255.255', '9.9.9.9', 'fc00::1', 'fd01::1'];
    const args = [peerProbe, 'udp', ...closed, ...open] as const;
    const { datagrams, answers } = await outcomeOf(context, flags, args, everyWayTo(['9.9.9.9', 'fd01::1']));
    expect(datagrams.toSorted()).toEqual(everyWayTo(open).toSorted());
    expect(answers).toEqual([...answered(closed, 403), ...answered(open, 0)]);
  });
});

describe('SECURITY.md 1: our own addresses', () => {
  const { ipv4, ipv6 } = serverAddresses;
  const relays = [`relay of ${ipv4}`, `relay of ${ipv6}`].flatMap((relay) => [`${relay} Send`, `${relay} ChannelData`]);

  test('an open relay is reached; no listener and no other service is', async (context) => {
    const { datagrams, answers, relayed } = await outcomeOf(context, [], [ownAddressProbe]);
    expect(answers).toHaveLength(10);
    expect(answers.filter(({ permission, channel }) => permission !== 0 || channel !== 0)).toEqual([]);
    expect(datagrams).toEqual([]);
    expect(relayed).toEqual(relays);
  });

  test('in peers.allow they open their other ports, but never a listener', async (context) => {
    const flags = [`--turn-peers-allow=${ipv4}/32,${ipv6}/128,127.0.0.0/8`];
    const { datagrams, relayed } = await outcomeOf(context, flags, [ownAddressProbe]);
    expect(datagrams.toSorted()).toEqual(everyWayTo(['127.0.0.1', ipv4, ipv6]).toSorted());
    expect(relayed).toEqual(relays);
  });
});
