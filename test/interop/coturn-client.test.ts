import { expect, test } from 'vitest';
import { figuresOf, load, runCoturnClient, startCoturnPeer } from './coturn-client.ts';
import { secret, startOpenAppliance, user } from './open-appliance.ts';

/** How coturn's client is told to relay, and what it says when it did so. */
interface Way {
  readonly name: string;
  /** `peer` is an echo, outside the appliance. */
  readonly flags: (peer: readonly string[]) => readonly string[];
  readonly says: RegExp;
}

const asUser = ['-u', user.name, '-w', user.password];

const everyWay: readonly Way[] = [
  {
    name: 'channels, to an echo',
    flags: (peer) => [...asUser, '-c', ...peer],
    says: /channel bind sent/,
  },
  {
    name: 'Send and Data indications, to an echo',
    flags: (peer) => [...asUser, '-c', '-s', ...peer],
    says: /create perm sent/,
  },
  {
    name: 'indications, from relay to relay',
    flags: () => [...asUser, '-c', '-s', '-y'],
    says: /create perm sent/,
  },
  {
    name: 'pairs of EVEN-PORT and RESERVATION-TOKEN, to an echo',
    flags: (peer) => [...asUser, ...peer],
    says: /rtv=[1-9]/,
  },
  {
    name: 'pairs, from relay to relay',
    flags: () => [...asUser, '-y'],
    says: /rtv=[1-9]/,
  },
  {
    name: 'a credential made of the secret, padded channel data, repeated requests',
    flags: () => ['-u', 'interop', '-W', secret, '-c', '-y', '-D', '-G'],
    says: /channel bind sent/,
  },
];

/** From where to where: the client's transport, the server's address and the family of the relay and its peer. */
interface Route {
  readonly transport: 'udp' | 'tcp' | 'tls';
  readonly host: Host;
  readonly peerHost: Host;
  readonly flags: readonly string[];
}

type Host = '127.0.0.1' | '::1';

const udp: Route = { transport: 'udp', host: '127.0.0.1', peerHost: '127.0.0.1', flags: [] };
const tcp: Route = { ...udp, transport: 'tcp', flags: ['-t'] };
const tls: Route = { ...udp, transport: 'tls', flags: ['-t', '-S'] };
const acrossFamilies: readonly Route[] = [
  { transport: 'udp', host: '::1', peerHost: '::1', flags: ['-x'] },
  { transport: 'udp', host: '127.0.0.1', peerHost: '::1', flags: ['-x'] },
  { transport: 'tcp', host: '::1', peerHost: '127.0.0.1', flags: ['-t', '-X'] },
];
const aFewWays = everyWay.filter(({ name }) => name.startsWith('channels') || name.startsWith('indications'));

// A run waits up to six seconds before its sessions begin, so all of a test run at once, slowly enough for a machine that is busy
const pace = ['-m', load.sessions, '-n', load.messages, '-l', load.bytes, '-z', 8].map(String);

test.each([
  ['RFC 8656 section 2.1: over UDP', [udp], everyWay],
  ['RFC 8656 section 2.1: over TCP', [tcp], everyWay],
  ['RFC 8656 section 2.1: over TLS', [tls], everyWay],
  ['RFC 8656 section 7.1: over IPv6, on IPv6 relays, and from the one to the other', acrossFamilies, aFewWays],
] as const)(
  "coturn's client receives as many messages as it sends: %s",
  async (_, routes, ways) => {
    // It draws its channel numbers from the range of RFC 5766 section 11.
    const { server } = await startOpenAppliance({ channelRange: 'rfc5766' });
    const echoes = { '127.0.0.1': await startCoturnPeer('127.0.0.1'), '::1': await startCoturnPeer('::1') };
    const journeys = routes.flatMap((route) => ways.map((way) => ({ route, way })));
    const runs = await Promise.all(
      journeys.map(async ({ route: { transport, host, peerHost, flags }, way }) => {
        const peer = ['-e', peerHost, '-r', String(echoes[peerHost])];
        const { exitCode, output } = await runCoturnClient(server(transport, host), [
          ...flags,
          ...pace,
          ...way.flags(peer),
        ]);
        return { way: way.name, exitCode, figures: figuresOf(output) ?? output, says: way.says.test(output) };
      }),
    );
    const sent = load.sessions * load.messages;
    const figures = { sessions: load.sessions, sent, received: sent, lost: 0 };
    expect(runs).toEqual(journeys.map(({ way }) => ({ way: way.name, exitCode: 0, figures, says: true })));
  },
  60_000,
);
