import { expect, test } from 'vitest';
import { makeAuthority, makeCertificate } from '../support/certificates.ts';
import { startAppliance } from './appliance-process.ts';
import type { IceTransport } from './appliance-process.ts';
import { openCallPages, pagesOf } from './call-page.ts';
import type { Gathered } from './call-page.ts';
import { launchTrustingChromium } from './chromium.ts';

/** WebRTC 1.0, RTCPeerConnectionIceErrorEvent: the server could not be reached. */
const unreachable = 701;

const trusted = makeAuthority('Turnpike test authority');
const unknown = makeAuthority('Turnpike test authority that nobody knows');
const urlHost = '127.0.0.1';

test.for([
  { what: 'for the host of the URL, signed by a trusted authority', name: urlHost, issuer: trusted, relays: ['tls'] },
  { what: 'signed by an authority that is not trusted', name: urlHost, issuer: unknown, relays: [] },
  { what: 'for another host', name: 'localhost', issuer: trusted, relays: [] },
])('turns: in Chromium, with a certificate $what', { timeout: 60_000 }, async ({ name, issuer, relays }, context) => {
  const opener = pagesOf(await launchTrustingChromium(context, trusted));
  const certificate = makeCertificate({ names: [name], issuer });
  const appliance = await startAppliance({ certificate, publicHost: name });
  const { caller } = await openCallPages([opener, opener]);
  const gatherOver = async (transport: IceTransport): Promise<Gathered> => {
    const iceServers = await appliance.iceServers(transport);
    return caller.gather(
      iceServers.map((server) => ({ ...server, urls: server.urls.map((url) => url.replace(name, urlHost)) })),
    );
  };
  const errorCodes = relays.length > 0 ? [] : [unreachable];
  expect(await gatherOver('tls')).toEqual({ relayProtocols: relays, errorCodes });
  // The same server, credential and page without TLS.
  expect(await gatherOver('tcp')).toEqual({ relayProtocols: ['tcp'], errorCodes: [] });
});
