import { expect, test } from 'vitest';
import { RunningProgram } from '../startup/running-program.ts';
import { figuresOf, runCoturnClient } from './coturn-client.ts';
import { startOpenAppliance, user } from './open-appliance.ts';

const asUser = ['-u', user.name, '-w', user.password];
const asImpostor = ['-u', user.name, '-w', `not-${user.password}`];
// Nothing is sent to it.
const toPeer = ['-e', '127.0.0.1', '-r', '9'];
const failed = 255;

test.each([
  // The js engine cannot set the bit, and then the attribute is an unknown one.
  ['RFC 8656 section 7.2: DONT-FRAGMENT', 'udp', [...asUser, '-y', '-c', '-g'], /error 420 \(Unknown Attribute\)/],
  ['RFC 8656 section 7.2: relaying TCP', 'tcp', [...asUser, '-T'], /error 442 \(Unsupported Transport Protocol\)/],
  ['RFC 8656 section 12.2: a second channel for a peer', 'udp', [...asUser, ...toPeer, '-c', '-N'], /bind: error 400/],
  ['RFC 8489 section 9.2.4: a wrong password', 'udp', [...asImpostor, '-y', '-c'], /Cannot complete Allocation/],
] as const)("coturn's client is told what it cannot have: %s", async (_, transport, flags, told) => {
  const { server } = await startOpenAppliance({ channelRange: 'rfc5766', engine: 'js' });
  const { exitCode, output } = await runCoturnClient(server(transport, '127.0.0.1'), flags);
  expect(output).toMatch(told);
  expect(exitCode).toBe(failed);
});

const inVain = [
  { extension: 'mobility of RFC 8016', flags: ['-M'] },
  { extension: 'the access tokens of RFC 7635', flags: ['-J'] },
  { extension: 'an origin', flags: ['-o', 'https://example.org'] },
  { extension: 'a bandwidth', flags: ['-a', '64000'] },
] as const;

test("coturn's client is served without the extensions that it asks for in vain", async () => {
  const { server } = await startOpenAppliance({ channelRange: 'rfc5766' });
  const small = [...asUser, '-y', '-c', '-m', '2', '-n', '50'];
  const runs = await Promise.all(
    inVain.map(async ({ extension, flags }) => {
      const { output } = await runCoturnClient(server('udp', '127.0.0.1'), [...small, ...flags]);
      return { extension, figures: figuresOf(output) ?? output };
    }),
  );
  const figures = { sessions: 2, sent: 100, received: 100, lost: 0 };
  expect(runs).toEqual(inVain.map(({ extension }) => ({ extension, figures })));
});

/** Ways in which the client can be told to misbehave. After -R it waits for ever for answers to what it spoilt. */
const misdeeds = [
  ...Array.from({ length: 8 }, () => ['overwrites bytes of its messages at random', ['-R', '-m', '8']] as const),
  ...Array.from({ length: 2 }, () => ['overwrites bytes of its stream at random', ['-R', '-t', '-m', '8']] as const),
  ['disappears in the middle of a request', ['-O', '-m', '100']],
  ['disappears in the middle of a request, over TCP', ['-O', '-t', '-m', '100']],
  ['drops its sockets while it relays', ['-B', '-m', '8', '-n', '200']],
] as const;

test("a client that misbehaves costs a good one nothing, and the relay thread lives: coturn's with -R, -O and -B", async () => {
  const { running, server } = await startOpenAppliance({ channelRange: 'rfc5766' });
  const culprits = misdeeds.map(([, flags]) => {
    const target = server(flags.some((flag) => flag === '-t') ? 'tcp' : 'udp', '127.0.0.1');
    return new RunningProgram('turnutils_uclient', [
      ...['-p', String(target.port), '-y', '-c', ...asUser, ...flags],
      '127.0.0.1',
    ]);
  });
  const good = ['-y', '-c', '-m', '4', '-n', '250', ...asUser];
  const { output } = await runCoturnClient(server('udp', '127.0.0.1'), good);
  expect(figuresOf(output) ?? output).toEqual({ sessions: 4, sent: 1000, received: 1000, lost: 0 });
  for (const culprit of culprits) culprit.signal('SIGKILL');
  await Promise.all(culprits.map((culprit) => culprit.end));
  expect(running.threads).toHaveLength(1);
  expect(running.log.filter((line) => line.level === 'error' || line.level === 'fatal')).toEqual([]);
}, 60_000);
