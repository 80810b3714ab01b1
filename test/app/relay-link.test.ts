import { EventEmitter } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { RelayLink, type RelayLinkEvents } from '../../server/app/relay-link.ts';
import type { FromRelay, RelayStart, RelayStatus, ToRelay } from '../../server/app/relay-messages.ts';
import { eventually } from '../support/appliance.ts';

/** A relay thread whose every word and whose end the test decides: the order of these is what is tested here. */
class ScriptedThread extends EventEmitter {
  readonly received: ToRelay[] = [];

  postMessage(message: ToRelay): void {
    this.received.push(message);
  }

  terminate(): Promise<number> {
    this.emit('exit', 1);
    return Promise.resolve(1);
  }

  say(message: FromRelay): void {
    this.emit('message', message);
  }
}

const status: RelayStatus = {
  allocations: 0,
  listeners: [],
  engine: 'js',
  counts: { traffic: {}, drops: {}, machine: {}, streams: {} },
};

async function startedLink(): Promise<{ link: RelayLink; threads: ScriptedThread[]; told: string[] }> {
  const threads: ScriptedThread[] = [];
  const told: string[] = [];
  const events: RelayLinkEvents = {
    onSessionEvents: () => told.push('events'),
    onListenersChanged: () => told.push('listeners'),
    onDrained: () => told.push('drained'),
    onRelayDied: () => told.push('died'),
    onRelayNotRestarted: (cause, waitMs) =>
      told.push(`not restarted: ${cause}, again in ${waitMs > 500 ? 'a second or more' : 'half a second'}`),
    onRelayRestarted: () => told.push('restarted'),
  };
  const spawn = (): Worker => {
    const thread = new ScriptedThread();
    threads.push(thread);
    return thread as unknown as Worker;
  };
  const link = new RelayLink({ listen: [] as RelayStart['listen'] } as RelayStart, spawn, events);
  const started = link.start();
  threads[0]?.say({ type: 'listening', status, warnings: [] });
  await started;
  return { link, threads, told };
}

describe('the link to the relay thread', () => {
  test('a thread that cannot take the place of one that died is said to, once for each try, further and further apart', async () => {
    const { link, threads, told } = await startedLink();
    threads[0]?.emit('exit', 1);
    for (const next of [2, 3]) {
      await eventually('the next thread', () => threads.length === next);
      threads.at(-1)?.emit('exit', next);
    }
    expect(told).toEqual([
      'died',
      'events',
      'not restarted: exit code 2, again in a second or more',
      'not restarted: exit code 3, again in a second or more',
    ]);
    await link.stop();
  });

  test('a thread that reports while it is being stopped is not taken for a serving one', async () => {
    const { link, threads, told } = await startedLink();
    threads[0]?.emit('exit', 1);
    await eventually('a second thread', () => threads.length === 2);
    const stopped = link.stop();
    threads[1]?.say({ type: 'listening', status, warnings: [] });
    threads[1]?.emit('exit', 1);
    await stopped;
    expect(told).toEqual(['died', 'events']);
    expect(threads).toHaveLength(2);
  });

  test('a stop settles a drain that the thread has not answered', async () => {
    const { link, threads } = await startedLink();
    const drained = link.drain();
    const stopped = link.stop();
    threads[0]?.say({ type: 'stopped', sessionsEnded: 3 });
    threads[0]?.emit('exit', 0);
    expect([await drained, await stopped]).toEqual([0, 3]);
  });

  test('a thread that is started while draining drains as well', async () => {
    const { link, threads } = await startedLink();
    void link.drain();
    threads[0]?.emit('exit', 1);
    await eventually('a second thread', () => threads.length === 2);
    threads[1]?.say({ type: 'listening', status, warnings: [] });
    expect(threads[1]?.received).toEqual([{ type: 'drain' }]);
  });

  test('a status that is asked for when the thread dies is refused', async () => {
    const { link, threads } = await startedLink();
    const asked = link.status();
    threads[0]?.emit('exit', 1);
    await expect(asked).rejects.toMatchObject({ code: 'relay_unavailable' });
    await expect(link.status()).rejects.toMatchObject({ code: 'relay_unavailable' });
  });
});
