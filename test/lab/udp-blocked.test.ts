import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, type TestContext } from 'vitest';
import { makeAuthority, makeCertificate, type TestAuthority } from '../support/certificates.ts';
import { tempDir } from '../support/temp-dir.ts';
import { homesLab, serverIps, type HomesLab } from './homes.ts';
import { LabHost } from './lab-host.ts';
import { expectRelayedCall } from './relayed-call.ts';
import { expectExchange } from './relayed-exchange.ts';

/** What a home's router does not let out. The first rule counts what is tried first, TURN over UDP. */
const firewalls = {
  'UDP is': ['-p udp --dport 3478', '-p udp'],
  'all but TLS is': ['-p udp --dport 3478', '-p udp', '-p tcp --dport 3478'],
} as const;

/** Homes behind firewalls, and a server for whose address a certificate was made. */
async function firewalledHomes(
  context: TestContext,
  firewall: keyof typeof firewalls,
  authority: TestAuthority,
): Promise<HomesLab> {
  const { certificate, key } = makeCertificate({ names: [serverIps[0]], issuer: authority });
  const directory = tempDir();
  const files = { certificate: join(directory, 'certificate.pem'), key: join(directory, 'key.pem') };
  writeFileSync(files.certificate, certificate);
  writeFileSync(files.key, key);
  const lab = await homesLab(context, [`--tls-certificate=${files.certificate}`, `--tls-key=${files.key}`]);
  for (const { router } of lab.homes) {
    for (const rule of firewalls[firewall]) await router.iptables(`-A FORWARD ${rule} -j DROP`);
  }
  return lab;
}

/** How many packets each home's firewall has dropped by each of its rules. */
function dropped({ homes }: HomesLab): Promise<number[][]> {
  return Promise.all(homes.map(({ router }) => router.packetsPerRule('filter', 'FORWARD')));
}

describe('behind firewalls', () => {
  test('where UDP is blocked a client hears nothing over UDP, and over TCP is served', async (context) => {
    const lab = await firewalledHomes(context, 'UDP is', makeAuthority('lab authority'));
    const [one, other] = [await LabHost.start(lab.homes[0].client), await LabHost.start(lab.homes[1].client)];
    expect(await one.bindings(serverIps[0])).toEqual([null]);
    const [[turnOverUdp] = []] = await dropped(lab);
    expect(turnOverUdp).toBeGreaterThan(0);
    await expectExchange(await one.allocate('tcp', serverIps[0]), await other.allocate('tcp', serverIps[0]));
  });

  test.for([
    ['UDP is', 'tcp'],
    ['all but TLS is', 'tls'],
  ] as const)(
    'where %s blocked two browsers hold a call over %s, having tried the others in vain',
    { timeout: 60_000 },
    async ([firewall, relayProtocol], context) => {
      const authority = makeAuthority('lab authority');
      const lab = await firewalledHomes(context, firewall, authority);
      const { iceServers } = await lab.server.ice();
      expect(iceServers.flatMap(({ urls }) => urls)).toEqual([
        `stun:${serverIps[0]}:3478`,
        `turn:${serverIps[0]}:3478?transport=udp`,
        `turn:${serverIps[0]}:3478?transport=tcp`,
        `turns:${serverIps[0]}:5349?transport=tcp`,
      ]);
      const clients = [lab.homes[0].client, lab.homes[1].client] as const;
      await expectRelayedCall(context, { server: lab.server, clients, iceServers, relayProtocol, authority });
      for (const [turnOverUdp, , turnOverTcp] of await dropped(lab)) {
        expect(turnOverUdp).toBeGreaterThan(0);
        if (relayProtocol === 'tls') expect(turnOverTcp).toBeGreaterThan(0);
      }
    },
  );
});
