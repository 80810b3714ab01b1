import { expect, test } from 'vitest';
import type { TestContext } from 'vitest';
import { makeAuthority, makeCertificate } from '../support/certificates.ts';
import type { TestAuthority } from '../support/certificates.ts';
import { startAppliance } from './appliance-process.ts';
import { openCallPages, pagesOf } from './call-page.ts';
import type { OpenPage } from './call-page.ts';
import { launchChromium, launchTrustingChromium } from './chromium.ts';
import { launchFirefox } from './firefox.ts';

const echoBytes = 5 * 1024 * 1024;
const leastFrames = 100;
const caseTimeoutMs = 150_000;

type Sides = 'Chromium' | 'Firefox' | 'Firefox and Chromium';

// Browsers name no family when they ask for a relay: it is the default's, `turn.defaultAddressFamily`. Firefox did not take a
// certificate for an address in a `turns:` URL.
test.for([
  ['Chromium', 'udp', '127.0.0.1', 'ipv4', '127.0.0.1'],
  ['Chromium', 'tcp', '127.0.0.1', 'ipv4', '127.0.0.1'],
  ['Chromium', 'tls', '127.0.0.1', 'ipv4', '127.0.0.1'],
  ['Chromium', 'udp', '::1', 'client', '[::1]'],
  ['Chromium', 'tcp', '::1', 'client', '[::1]'],
  ['Chromium', 'tls', '::1', 'ipv4', '127.0.0.1'],
  ['Firefox', 'udp', '127.0.0.1', 'ipv4', '127.0.0.1'],
  ['Firefox', 'tls', 'localhost', 'ipv4', '127.0.0.1'],
  ['Firefox and Chromium', 'tcp', '127.0.0.1', 'ipv4', '127.0.0.1'],
] as const)(
  '%s: a call by %s to %s, default family %s, relays on %s: 5 MB echoed byte for byte, cameras both ways',
  { timeout: caseTimeoutMs },
  async ([sides, transport, publicHost, defaultAddressFamily, relayHost], context) => {
    const host = publicHost === 'localhost' ? '127.0.0.1' : publicHost;
    const authority = makeAuthority('Turnpike test authority');
    const openers = await openersOf(sides, context, transport === 'tls' ? authority : null);
    const certificate = makeCertificate({ names: [publicHost], issuer: authority });
    const appliance = await startAppliance({ host, publicHost, defaultAddressFamily, certificate });
    const iceServers = await appliance.iceServers(transport);
    expect(iceServers).toHaveLength(1);

    const { caller, callee } = await openCallPages(openers);
    await callee.answer(iceServers);
    await caller.call(iceServers);

    const report = await caller.echo(echoBytes);
    expect(report.sent.bytes).toBe(echoBytes);
    expect(report.back).toEqual(report.sent);
    expect(report.identical).toBe(true);

    for (const side of [caller, callee]) {
      await expect.poll(() => side.framesDecoded(), { timeout: 30_000 }).toBeGreaterThanOrEqual(leastFrames);
      const selected = [{ candidateType: 'relay', relayProtocol: transport }];
      await expect.poll(() => side.selectedLocalCandidates(), { timeout: 10_000 }).toEqual(selected);
    }

    const sessions = appliance.sessions();
    expect(sessions.length).toBeGreaterThanOrEqual(2);
    for (const session of sessions) {
      expect(session.transport).toBe(transport);
      expect(session.client.startsWith('[')).toBe(host === '::1');
      expect(session.relayed.map((address) => address.replace(/:\d+$/, ''))).toEqual([relayHost]);
    }
  },
);

/** @param authority - whom the browsers are to trust beyond those they know */
async function openersOf(
  sides: Sides,
  context: TestContext,
  authority: TestAuthority | null,
): Promise<[caller: OpenPage, callee: OpenPage]> {
  const openChromium = async (): Promise<OpenPage> =>
    pagesOf(await (authority === null ? launchChromium(context) : launchTrustingChromium(context, authority)));
  const openFirefox = (): Promise<OpenPage> => launchFirefox(context, authority ?? undefined);
  switch (sides) {
    case 'Chromium': {
      const opener = await openChromium();
      return [opener, opener];
    }
    case 'Firefox': {
      const opener = await openFirefox();
      return [opener, opener];
    }
    case 'Firefox and Chromium':
      return [await openFirefox(), await openChromium()];
  }
}
