import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { CreateApplianceOptions } from '../../server/app/appliance-options.ts';
import { createAppliance } from '../../server/app/create-appliance.ts';
import type { EmbeddedAppliance, ListenerAddress } from '../../server/app/embedded-appliance.ts';
import type { BoundListener, FromRelay, RelayStatus } from '../../server/app/relay-messages.ts';
import { ip } from '../support/addresses.ts';
import { certificateFiles, installCertificate } from '../support/certificate-files.ts';
import { makeCertificate } from '../support/certificates.ts';
import { connectedClient, startedAppliance } from '../support/embedded-appliance.ts';

/** An appliance that is stopped when the test ends, with the thread that relays for it. */
async function withRelayThread(
  options: CreateApplianceOptions,
): Promise<{ appliance: EmbeddedAppliance; relayThread: Worker }> {
  const appliance = createAppliance(options);
  onTestFinished(() => appliance.stop());
  const spawned = Promise.withResolvers<Worker>();
  process.once('worker', spawned.resolve);
  await appliance.start();
  return { appliance, relayThread: await spawned.promise };
}

function listenersOf(appliance: EmbeddedAppliance): readonly ListenerAddress[] {
  return appliance.addresses?.listeners ?? [];
}

function portsOf(appliance: EmbeddedAppliance): number[] {
  return listenersOf(appliance).map(({ port }) => port);
}

describe('listeners', () => {
  test.each(['udp', 'tcp'])('%s twice at port 0 of one address are two', async (transport) => {
    const url = `${transport}://127.0.0.1:0`;
    const appliance = await startedAppliance({ turn: { listen: [url, url] } });
    expect(new Set(portsOf(appliance)).size).toBe(2);
    const { iceServers } = appliance.issueIceServers();
    expect(iceServers.at(-1)?.urls).toHaveLength(2);
  });

  test('can be none: an appliance without TURN, HTTP or both starts, issues no URLs, and stops', async () => {
    const silent = await startedAppliance({ turn: { listen: false }, http: false });
    expect(silent.addresses).toMatchObject({ listeners: [], http: null, urls: { stun: [], turn: [] } });
    expect(silent.issueIceServers().iceServers).toEqual([]);
    expect((await silent.health()).status).toBe('ok');
    const answering = await startedAppliance({ turn: { listen: false }, http: { public: 'http://127.0.0.1:0' } });
    expect(answering.addresses?.listeners).toEqual([]);
    expect((await fetch(`${answering.addresses?.http ?? ''}/readyz`)).status).toBe(200);
  });
});

describe('after the relay thread has died', () => {
  test('sessions are told to be lost, and the next thread serves on the same ports', async () => {
    const { appliance, relayThread } = await withRelayThread({
      turn: { listen: ['udp://127.0.0.1:0', 'tcp://127.0.0.1:0'], publicAddress: 'none' },
    });
    const before = listenersOf(appliance);
    await (await connectedClient(appliance, 'udp')).allocate();
    const [lost] = await appliance.sessions();
    const [degraded, ended, recovered] = [
      once(appliance, 'degraded'),
      once(appliance, 'sessionEnded'),
      once(appliance, 'recovered'),
    ];
    await relayThread.terminate();
    expect(await degraded).toEqual([{ cause: 'exit code 1', sessionsLost: 1 }]);
    expect(await ended).toEqual([{ session: lost, cause: 'relay-died' }]);
    expect(await recovered).toEqual([before]);
    expect((await (await connectedClient(appliance, 'udp')).allocate()).code).toBe(0);
    expect((await appliance.sessions()).map(({ id }) => id)).not.toContain(lost?.id);
  });

  test.each([
    ['of one address', ['udp://127.0.0.1:0', 'udp://127.0.0.1:0', 'tcp://127.0.0.1:0', 'tcp://127.0.0.1:0']],
    ['of every address', ['udp://*:0', 'udp://*:0', 'tcp://*:0', 'tcp://*:0']],
    ['of one address after those of every', ['udp://*:0', 'udp://127.0.0.1:0', 'tcp://*:0', 'tcp://[::1]:0']],
  ])('every port %s is served again', async (_, listen) => {
    const { appliance, relayThread } = await withRelayThread({ turn: { listen, publicAddress: 'none' } });
    const before = listenersOf(appliance);
    expect(new Set(portsOf(appliance)).size).toBeGreaterThanOrEqual(3);
    const recovered = once(appliance, 'recovered');
    await relayThread.terminate();
    expect(await recovered).toEqual([before]);
    expect(listenersOf(appliance)).toEqual(before);
  });
});

describe('addresses are those of the moment', () => {
  test('a renewed certificate names another host', async () => {
    const tls = certificateFiles(makeCertificate({ names: ['old.example.org'] }));
    const appliance = await startedAppliance({ tls, turn: { listen: ['tls://127.0.0.1:0'] } });
    const [port = 0] = portsOf(appliance);
    expect(appliance.addresses?.urls.turn).toEqual([`turns:old.example.org:${port}?transport=tcp`]);
    installCertificate(tls, makeCertificate({ names: ['new.example.org'] }));
    const renewed = [`turns:new.example.org:${port}?transport=tcp`];
    await expect.poll(() => appliance.addresses?.urls.turn, { timeout: 20_000 }).toEqual(renewed);
    expect(appliance.issueIceServers().iceServers).toMatchObject([{ urls: renewed }]);
    expect((await appliance.start()).urls.turn).toEqual(renewed);
  });

  test('listeners and URLs follow the addresses of the host', async () => {
    const { appliance, relayThread } = await withRelayThread({
      turn: { listen: ['udp://127.0.0.1:0'], publicAddress: 'none' },
    });
    // The words of a relay thread, since the addresses of the machine are not the test's to change.
    const hear = (word: FromRelay): boolean => relayThread.emit('message', word);
    const at = (host: string): BoundListener => {
      return { transport: 'udp', address: { ip: ip(host), port: 5000 }, wildcard: false, request: 0 };
    };
    const told = once(appliance, 'listenersChanged');
    hear({ type: 'listeners-changed', listeners: [at('127.0.0.8')], warnings: [] });
    const changed = [{ transport: 'udp', address: '127.0.0.8', family: 'IPv4', port: 5000 }];
    expect(await told).toEqual([changed]);
    expect(appliance.addresses).toMatchObject({
      listeners: changed,
      urls: { stun: ['stun:127.0.0.8:5000'], turn: ['turn:127.0.0.8:5000?transport=udp'] },
    });

    const recovered = once(appliance, 'recovered');
    const counts = { traffic: {}, drops: {}, machine: {}, streams: {} };
    const status: RelayStatus = { allocations: 0, listeners: [at('127.0.0.9')], engine: 'js', counts };
    hear({ type: 'listening', status, warnings: [] });
    expect(await recovered).toEqual([listenersOf(appliance)]);
    expect(appliance.addresses).toMatchObject({
      listeners: [{ transport: 'udp', address: '127.0.0.9', family: 'IPv4', port: 5000 }],
      urls: { stun: ['stun:127.0.0.9:5000'] },
    });
  });
});
