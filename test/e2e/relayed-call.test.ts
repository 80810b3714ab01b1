import { expect, test } from 'vitest';
import { startAppliance } from './appliance-process.ts';
import { openCallPages } from './call-page.ts';
import { launchChromium } from './chromium.ts';

const echoBytes = 5 * 1024 * 1024;
const leastFrames = 100;
const caseTimeoutMs = 150_000;

test.for(['udp', 'tcp'])(
  'two browser pages hold a call over turn/%s: 5 MB echoed byte for byte, cameras both ways',
  { timeout: caseTimeoutMs },
  async (transport, context) => {
    const browser = await launchChromium(context);
    const appliance = await startAppliance();
    const iceServers = (await appliance.iceServers())
      .map((server) => ({ ...server, urls: server.urls.filter((url) => url.endsWith(`?transport=${transport}`)) }))
      .filter((server) => server.urls.length > 0);
    expect(iceServers).toHaveLength(1);

    const { caller, callee } = await openCallPages(browser);
    await callee.answer(iceServers);
    await caller.call(iceServers);

    const report = await caller.echo(echoBytes);
    expect(report.sent.bytes).toBe(echoBytes);
    expect(report.back).toEqual(report.sent);
    expect(report.identical).toBe(true);

    for (const side of [caller, callee]) {
      await expect.poll(() => side.framesDecoded(), { timeout: 30_000 }).toBeGreaterThanOrEqual(leastFrames);
      expect(await side.selectedLocalCandidates()).toEqual([{ candidateType: 'relay', relayProtocol: transport }]);
    }
  },
);
