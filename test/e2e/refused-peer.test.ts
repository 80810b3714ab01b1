import { expect, test } from 'vitest';
import { startAppliance } from './appliance-process.ts';
import { openCallPages } from './call-page.ts';
import type { Signal } from './call-page.ts';
import { launchFirefox } from './firefox.ts';

// On loopback, since Firefox tries no other from a relay on loopback.
const refusedPeer = '127.0.0.2';
const refusedCandidate = { candidate: `candidate:1 1 udp 2130706431 ${refusedPeer} 9 typ host`, sdpMid: '0' };

test(
  'SECURITY.md 1: Firefox keeps a relay that refused a peer, and calls through it',
  { timeout: 150_000 },
  async (context) => {
    const firefox = await launchFirefox(context);
    const appliance = await startAppliance();
    const iceServers = await appliance.iceServers('udp');

    // Each side first hears of an address of the other that no relay may reach, as at home or in an office; the
    // candidates that lead somewhere come when the server has refused it.
    const carried = async (signal: Signal): Promise<readonly Signal[]> => {
      if ('description' in signal) return [signal, { candidate: refusedCandidate }];
      await expect.poll(() => appliance.deniedPeers(), { timeout: 20_000 }).toContain(refusedPeer);
      return [signal];
    };
    const { caller, callee } = await openCallPages([firefox, firefox], carried);
    await callee.answer(iceServers);
    await caller.call(iceServers);

    expect((await caller.echo(1024)).identical).toBe(true);
    for (const side of [caller, callee]) {
      const selected = [{ candidateType: 'relay', relayProtocol: 'udp' }];
      await expect.poll(() => side.selectedLocalCandidates(), { timeout: 10_000 }).toEqual(selected);
    }
  },
);
