import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { loopbackConfig, startAppliance, type RunningAppliance } from '../support/appliance.ts';

/** Runs coturn's client against an appliance: two clients, which talk to each other through a relay each. */
async function runCoturnClient(running: RunningAppliance, flags: readonly string[]): Promise<string> {
  const { iceServers } = running.appliance.issueIceServers({ subject: 'interop' });
  const credential = iceServers.find((server) => server.username !== undefined);
  if (credential?.username === undefined || credential.credential === undefined) {
    throw new Error('no credential was issued');
  }
  const { stdout, stderr } = await promisify(execFile)('turnutils_uclient', [
    ...['-u', credential.username, '-w', credential.credential],
    ...['-y', '-c', '-n', '20', '-z', '10', '-m', '2', '-l', '171'],
    ...flags,
    '127.0.0.1',
  ]);
  return stdout + stderr;
}

describe("RFC 8656: coturn's client relays both ways through two of our relays, and loses nothing", () => {
  test.each([
    ['channels, over UDP', 'udp', []],
    ['indications, over UDP', 'udp', ['-s']],
    ['channels, over TCP', 'tcp', ['-t']],
    ['indications, over TCP', 'tcp', ['-t', '-s']],
    ['repeated permissions and channel binds, over UDP', 'udp', ['-G']],
    ['padded channel data, over UDP', 'udp', ['-D']],
  ] as const)('%s', async (_, transport, flags) => {
    // It draws its channel numbers from the range of RFC 5766 section 11.
    const running = await startAppliance(loopbackConfig({ channelRange: 'rfc5766' }));
    const output = await runCoturnClient(running, ['-p', String(running[transport].port), ...flags]);
    expect(output).toMatch(/tot_send_msgs=40, tot_recv_msgs=40/);
  });
});
