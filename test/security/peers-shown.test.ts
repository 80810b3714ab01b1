import { describe, expect, onTestFinished, test } from 'vitest';
import { parseCidr } from '../../server/stun/cidr.ts';
import type { TransportAddress } from '../../server/stun/transport-address.ts';
import { loopbackFlags, readyLine, serve } from '../startup/serving.ts';
import { ip } from '../support/addresses.ts';
import { eventually, loopbackConfig, startAppliance, type RunningAppliance } from '../support/appliance.ts';
import { tempDir } from '../support/temp-dir.ts';
import { TurnClient } from '../support/turn-client.ts';
import { countOf } from './counts.ts';

const peer: TransportAddress = { ip: ip('10.1.2.3'), port: 9 };
const refusals = 100;

async function allocated(running: RunningAppliance): Promise<TurnClient> {
  const turn = running.appliance.issueIceServers({ subject: 'alice' }).iceServers.find(({ username }) => username);
  const client = await TurnClient.overUdp(running.udp, {
    username: turn?.username ?? '',
    password: turn?.credential ?? '',
  });
  onTestFinished(() => client.close());
  expect((await client.allocate()).code).toBe(0);
  return client;
}

describe('SECURITY.md 1: an operator learns of peers that were refused', () => {
  test('every refusal is counted, and the first shows the line that allows the peer', async () => {
    const running = await startAppliance();
    const client = await allocated(running);
    for (let count = 0; count < refusals; count++) expect((await client.permit(peer)).code).toBe(403);
    expect(countOf(await running.appliance.health(), 'machine', 'peersDenied')).toBe(refusals);
    const shown = () => running.log.filter(({ cause }) => cause === 'peer-denied');
    await eventually('a line in the log', () => shown().length > 0);
    const toAllow = String(shown()[0]?.toAllow);
    const [, range = ''] = /^turn\.peers\.allow: \["(.+)"\]$/.exec(toAllow) ?? [];

    // The line is believed, literally.
    const allow = parseCidr(range);
    if (allow === null) throw new Error(`${toAllow} names no range`);
    const obedient = await startAppliance(loopbackConfig({ peers: { allow: [allow], deny: [] } }));
    expect((await (await allocated(obedient)).permit(peer)).code).toBe(0);
  });
});

describe('SECURITY.md 1: a malformed CIDR stops the start', () => {
  test.each([
    ['turn-peers-allow', '10.0.0.0/33'],
    ['turn-peers-allow', 'fd00::/129'],
    ['turn-peers-allow', '10.0.0/8'],
    ['turn-peers-deny', '10.0.0.0/-1'],
    ['turn-peers-deny', '10.0.0.0/08'],
    ['turn-peers-deny', 'fd00::1/64'],
    ['turn-peers-deny', '8.8.8.8'],
  ])('--%s=%s', async (flag, cidr) => {
    const server = serve([...loopbackFlags(tempDir()), `--${flag}=${cidr}`]);
    expect(await server.end).toEqual({ code: 2, signal: null });
    expect(server.output).not.toMatch(readyLine);
    expect(server.stderr).toContain(`"${cidr}"`);
    expect(server.stderr).toContain(flag.replaceAll('-', '.'));
  });
});
