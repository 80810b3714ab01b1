import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createAppliance } from '../../server/app/create-appliance.ts';
import type { EmbeddedAppliance } from '../../server/app/embedded-appliance.ts';
import { ip } from '../support/addresses.ts';
import { connectedClient, credentialOf, portOf, startedAppliance } from '../support/embedded-appliance.ts';

/** The names of all events of an appliance, in their order. */
function eventsOf(appliance: EmbeddedAppliance): string[] {
  const seen: string[] = [];
  const names = ['sessionStarted', 'sessionEnded', 'refused', 'degraded', 'recovered', 'draining', 'stopped'] as const;
  for (const name of names) appliance.on(name, () => void seen.push(name));
  return seen;
}

describe('its life', () => {
  test('start resolves to the real addresses, again to the same, and they are gone after the stop', async () => {
    const appliance = createAppliance({
      turn: { listen: ['udp://127.0.0.1:0', 'tcp://[::1]:0'], publicAddress: 'none' },
    });
    onTestFinished(() => appliance.stop());
    expect(appliance.addresses).toBeNull();
    const addresses = await appliance.start();
    expect(addresses).toMatchObject({
      listeners: [
        { transport: 'udp', address: '127.0.0.1', family: 'IPv4' },
        { transport: 'tcp', address: '::1', family: 'IPv6' },
      ],
      http: null,
      dataDir: null,
    });
    expect(addresses.listeners.every(({ port }) => port > 0)).toBe(true);
    expect(await appliance.start()).toEqual(addresses);
    await appliance.stop();
    expect(appliance.addresses).toBeNull();
  });

  test('several in one process have ports, credentials and sessions of their own', async () => {
    const [one, other] = await Promise.all([startedAppliance(), startedAppliance()]);
    expect(portOf(one, 'udp')).not.toBe(portOf(other, 'udp'));
    const known = await connectedClient(one, 'udp');
    expect((await known.allocate()).code).toBe(0);
    const stranger = await connectedClient(other, 'udp', credentialOf(one, 'alice'));
    expect((await stranger.allocate()).code).toBe(401);
    expect([(await one.sessions()).length, (await other.sessions()).length]).toEqual([1, 0]);
    await one.stop();
    expect((await (await connectedClient(other, 'udp')).allocate()).code).toBe(0);
  });

  test('it can be started again, and credentials of before stay good', async () => {
    const appliance = await startedAppliance();
    const credential = credentialOf(appliance, 'alice');
    await (await connectedClient(appliance, 'udp', credential)).allocate();
    const [before] = await appliance.sessions();
    await appliance.stop();
    expect(await appliance.sessions()).toEqual([]);
    await appliance.start();
    expect((await (await connectedClient(appliance, 'udp', credential)).allocate()).code).toBe(0);
    const [after] = await appliance.sessions();
    expect(after?.id).not.toBe(before?.id);
  });

  test('a start that is asked for while it stops follows the stop', async () => {
    const appliance = await startedAppliance();
    const seen = eventsOf(appliance);
    const stopping = appliance.stop();
    const addresses = await appliance.start();
    expect(seen).toEqual(['stopped']);
    await stopping;
    expect(appliance.addresses).toEqual(addresses);
  });

  test('a stop while it starts ends what was started; without a start it does nothing', async () => {
    const appliance = createAppliance({ turn: { listen: ['udp://127.0.0.1:0'], publicAddress: 'none' } });
    await appliance.stop();
    const starting = appliance.start();
    await appliance.stop();
    await starting;
    expect(appliance.addresses).toBeNull();
  });

  test('a port that is taken fails the start alone: nothing stays open, and it can be tried again', async () => {
    const first = await startedAppliance();
    const listen = [`tcp://127.0.0.1:${portOf(first, 'tcp')}`, 'udp://127.0.0.1:0'];
    const second = createAppliance({ turn: { listen, publicAddress: 'none' } });
    onTestFinished(() => second.stop());
    await expect(second.start()).rejects.toMatchObject({ name: 'EnvironmentError', code: 'port_taken' });
    expect(second.addresses).toBeNull();
    await second.stop();
    await first.stop();
    await second.start();
    expect(second.addresses?.listeners).toHaveLength(2);
  });

  test('stop({drainMs}) lets sessions go on, refuses new ones, and ends with the last', async () => {
    const appliance = await startedAppliance();
    const seen = eventsOf(appliance);
    const live = await connectedClient(appliance, 'udp');
    const late = await connectedClient(appliance, 'udp');
    const { relayed } = await live.allocate();
    expect(await appliance.sessions()).toHaveLength(1);
    const draining = once(appliance, 'draining');
    const stopping = appliance.stop({ drainMs: 60_000 });
    await draining;
    expect((await late.allocate()).code).toBe(508);
    expect((await live.permit(relayed ?? { ip: ip('127.0.0.1'), port: 1 })).code).toBe(0);
    expect((await live.refresh(0)).code).toBe(0);
    await stopping;
    expect(seen).toEqual(['sessionStarted', 'draining', 'refused', 'sessionEnded', 'stopped']);
  });

  test('stop({drainMs}) ends what is left when the time is over; stop() does not wait for it', async () => {
    const appliance = await startedAppliance();
    const causes: string[] = [];
    appliance.on('sessionEnded', ({ cause }) => causes.push(cause));
    await (await connectedClient(appliance, 'tcp')).allocate();
    await appliance.stop({ drainMs: 1 });
    await appliance.start();
    await (await connectedClient(appliance, 'udp')).allocate();
    const patient = appliance.stop({ drainMs: 600_000 });
    await appliance.stop();
    await patient;
    expect(causes).toEqual(['drained', 'drained']);
  });

  test('of several drains the earliest end counts', async () => {
    const appliance = await startedAppliance();
    await (await connectedClient(appliance, 'udp')).allocate();
    const patient = appliance.stop({ drainMs: 600_000 });
    const hasty = appliance.stop({ drainMs: 10 });
    await Promise.all([patient, hasty, appliance.stop({ drainMs: 600_000 })]);
    expect(appliance.addresses).toBeNull();
  });

  test.each([-1, 0.5, Number.NaN, Infinity, 2 ** 31])('drainMs %s is refused, and it goes on', async (drainMs) => {
    const appliance = await startedAppliance();
    await expect(appliance.stop({ drainMs })).rejects.toThrow(RangeError);
    expect(appliance.addresses).not.toBeNull();
  });

  test('await using stops it', async () => {
    const appliance = await startedAppliance();
    await appliance[Symbol.asyncDispose]();
    expect(appliance.addresses).toBeNull();
  });

  test('what needs a serving appliance says so', async () => {
    const appliance = createAppliance();
    expect(() => appliance.issueIceServers()).toThrow('start() has to resolve first');
    await expect(appliance.health()).rejects.toThrow('start() has to resolve first');
    expect(await appliance.sessions()).toEqual([]);
    expect(await appliance.endSession('1')).toBe(false);
  });
});
