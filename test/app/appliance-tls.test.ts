import { request } from 'node:https';
import { connect } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Appliance } from '../../server/app/appliance.ts';
import type { ResolvedConfig, TlsFiles } from '../../server/config/resolved-config.ts';
import { createLog } from '../../server/telemetry/log.ts';
import { ip } from '../support/addresses.ts';
import { eventually, loopbackConfig, startAppliance, type RunningAppliance } from '../support/appliance.ts';
import { certificateFiles, installCertificate } from '../support/certificate-files.ts';
import { makeCertificate, type TestCertificate } from '../support/certificates.ts';
import { TurnClient } from '../support/turn-client.ts';

const serverName = 'turn.example.org';
const alice = { name: 'alice', password: 'correct horse' };
const credential = { username: alice.name, password: alice.password };

function configWith(tls: TlsFiles, publicHost: string | null = null): ResolvedConfig {
  const listen = (['udp', 'tls'] as const).map((transport) => ({ transport, host: ip('127.0.0.1'), port: 0 }));
  return { ...loopbackConfig({ listen, users: [alice] }), tls, publicHost };
}

async function connected(running: RunningAppliance, pem: TestCertificate): Promise<TurnClient> {
  const client = await TurnClient.overTls(running.tls, credential, { ...pem, serverName });
  onTestFinished(() => client.close());
  return client;
}

/** The serial number of the certificate that a new client is shown. */
function shownAt(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()?.serialNumber ?? '');
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

function livez(url: string, pem: TestCertificate): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  const options = { ca: pem.certificate, servername: serverName, agent: false };
  request(`${url}/livez`, options, (reply) => {
    reply.resume().on('end', () => resolve(reply.statusCode));
  })
    .on('error', reject)
    .end();
  return promise;
}

describe('an appliance with a certificate', () => {
  test('relays for a TLS client, names turns: with the name of the certificate, and speaks HTTPS', async () => {
    const pem = makeCertificate({ names: [serverName] });
    const running = await startAppliance(configWith(certificateFiles(pem)));
    const { port } = running.tls;
    expect(running.started.urls.turn).toContain(`turns:${serverName}:${port}?transport=tcp`);
    expect(running.started.certificate?.names).toEqual([serverName]);
    expect(await running.appliance.health()).toMatchObject({ certificate: { names: [serverName] } });

    const [a, b] = [await connected(running, pem), await TurnClient.overUdp(running.udp, credential)];
    onTestFinished(() => b.close());
    const [relayedA, relayedB] = [(await a.allocate()).relayed, (await b.allocate()).relayed];
    if (relayedA === null || relayedB === null) throw new Error('no relay was allocated');
    expect((await a.bindChannel(0x4000, relayedB)).code).toBe(0);
    expect((await b.bindChannel(0x4000, relayedA)).code).toBe(0);
    a.sendChannel(0x4000, Uint8Array.of(1, 2, 3));
    expect([...(await b.nextMedia())]).toEqual([0x40, 0, 0, 3, 1, 2, 3]);
    b.sendChannel(0x4000, Uint8Array.of(4, 5));
    expect([...(await a.nextMedia())]).toEqual([0x40, 0, 0, 2, 4, 5]);
    await eventually('the session is logged', () => running.log.some((line) => line.transport === 'tls'));

    expect(running.started.publicUrl).toMatch(/^https:\/\/127\.0\.0\.1:/);
    expect(await livez(running.started.publicUrl ?? '', pem)).toBe(200);
  });

  test('takes renewed files: new clients see them, sessions go on, a restarted relay thread has them too', async () => {
    const first = makeCertificate({ names: [serverName] });
    const files = certificateFiles(first);
    const running = await startAppliance(configWith(files));
    const { port } = running.tls;
    const httpsPort = Number(new URL(running.started.publicUrl ?? '').port);
    const client = await connected(running, first);
    expect((await client.allocate()).code).toBe(0);
    const before = await shownAt(port);
    expect(await shownAt(httpsPort)).toBe(before);

    installCertificate(files, makeCertificate({ names: [serverName] }));
    const renewed = () => running.log.some(({ event }) => event === 'certificate_renewed');
    await eventually('the renewal is logged', renewed, 20_000);
    const after = await shownAt(port);
    expect(after).not.toBe(before);
    expect(await shownAt(httpsPort)).toBe(after);
    expect((await client.refresh(600)).code).toBe(0);
    expect((await running.appliance.health()).allocations).toBe(1);

    void running.threads[0]?.terminate();
    const restarted = () => running.log.some(({ event }) => event === 'relay_restarted');
    await eventually('the relay thread serves again', restarted, 20_000);
    expect(await shownAt(port)).toBe(after);
  });

  test('does not start when the certificate is not for publicHost, and leaves nothing open', async () => {
    const files = certificateFiles(makeCertificate({ names: [serverName] }));
    const sink = { write: () => undefined };
    const log = createLog({ level: 'error', format: 'json', sink });
    const appliance = new Appliance({ config: configWith(files, 'other.example.org'), log });
    await expect(appliance.start()).rejects.toMatchObject({ code: 'certificate_unusable' });
  });
});
