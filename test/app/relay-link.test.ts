import { describe, expect, test } from 'vitest';
import { eventually } from '../support/appliance.ts';
import { idleStatus, scriptedLink, startedLink, startOf } from './scripted-relay.ts';

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
    threads[1]?.listens();
    threads[1]?.emit('exit', 1);
    await stopped;
    expect(told).toEqual(['died', 'events']);
    expect(threads).toHaveLength(2);
  });

  test('a stop settles a drain that the thread has not answered', async () => {
    const { link, threads } = await startedLink();
    const drained = link.drain();
    const stopped = link.stop();
    threads[0]?.stops(3);
    expect([await drained, await stopped]).toEqual([0, 3]);
  });

  test('a thread that is started while draining drains as well', async () => {
    const { link, threads } = await startedLink();
    void link.drain();
    threads[0]?.emit('exit', 1);
    await eventually('a second thread', () => threads.length === 2);
    threads[1]?.listens();
    expect(threads[1]?.orders).toEqual(['drain']);
  });

  test('a status that is asked for when the thread dies is refused', async () => {
    const { link, threads } = await startedLink();
    const asked = link.status();
    threads[0]?.emit('exit', 1);
    await expect(asked).rejects.toMatchObject({ code: 'relay_unavailable' });
    await expect(link.status()).rejects.toMatchObject({ code: 'relay_unavailable' });
  });

  test('usage comes as it was counted, and the back-off goes on to the next thread', async () => {
    const { link, threads, told, reports } = await startedLink();
    const sessions = Float64Array.of(7, 1, 2, 3, 4, 5, 6);
    threads[0]?.say({ type: 'usage', usage: { intervalMs: 1000, sessions, failures: [] } });
    expect(reports).toEqual([
      {
        intervalMs: 1000,
        sessions: [
          {
            session: 7,
            clientToPeer: { packets: 1, bytes: 2, drops: 3 },
            peerToClient: { packets: 4, bytes: 5, drops: 6 },
          },
        ],
        failures: [],
      },
    ]);
    threads[0]?.say({ type: 'backoff', snapshot: Uint8Array.of(9) });
    expect(told).toEqual(['backoff']);
    threads[0]?.emit('exit', 1);
    await eventually('a second thread', () => threads.length === 2);
    expect(threads[1]?.start.backoff).toEqual(Uint8Array.of(9));
    await link.stop();
  });
});

describe('credentials on the link', () => {
  const change = { kind: 'remove-user', name: 'alice' } as const;
  const kinds = (thread: { readonly received: readonly { readonly type: string }[] } | undefined): string[] =>
    thread?.received.flatMap((message) => {
      return 'delta' in message ? [(message.delta as { change: { kind: string } }).change.kind] : [];
    }) ?? []; // prettier-ignore

  test('the whole set goes to every thread that starts, and changes after it', async () => {
    const { link, threads } = await startedLink(startOf(), { snapshot: () => [{ kind: 'apps', apps: [] }] });
    link.applyCredentials([change]);
    expect(kinds(threads[0])).toEqual(['reset', 'apps', 'complete', 'remove-user']);
    threads[0]?.emit('exit', 1);
    link.applyCredentials([change]);
    await eventually('a second thread', () => threads.length === 2);
    expect(kinds(threads[1])).toEqual(['reset', 'apps', 'complete']);
    await link.stop();
  });

  test('a thread that misses a change is sent the whole set anew', async () => {
    const { threads } = await startedLink();
    threads[0]?.say({ type: 'credentials-wanted' });
    expect(kinds(threads[0])).toEqual(['reset', 'complete', 'reset', 'complete']);
  });

  test('a source that fails keeps a first thread from starting, and says why', async () => {
    const { link, told } = scriptedLink(startOf(), {
      snapshot: () => {
        throw new Error('the disk is on fire');
      },
    });
    // The thread is terminated while it is being spawned.
    await expect(link.start()).rejects.toThrow('the credentials could not be read: the disk is on fire');
    expect(told).toEqual(['no credentials: Error: the disk is on fire']);
  });

  test('a source that fails later leaves a thread that serves with what it has, and is asked again', async () => {
    let fails = false;
    const { threads, told } = await startedLink(startOf(), {
      snapshot: () => {
        if (fails) throw new Error('busy');
        return [];
      },
    });
    fails = true;
    threads[0]?.say({ type: 'credentials-wanted' });
    expect(told).toEqual(['no credentials: Error: busy']);
    fails = false;
    await eventually('another try', () => kinds(threads[0]).length === 5);
    expect(kinds(threads[0])).toEqual(['reset', 'complete', 'reset', 'reset', 'complete']);
    expect(threads).toHaveLength(1);
  });
});

describe('a restart with another configuration', () => {
  const next = startOf({ engine: 'js', maxStreams: 7 });

  test('drains, stops, and starts anew', async () => {
    const { link, threads, told } = await startedLink();
    const restarted = link.restart(next, 60_000);
    expect(threads[0]?.orders).toEqual(['drain']);
    threads[0]?.say({ type: 'drained' });
    expect(threads[0]?.orders).toEqual(['drain', 'stop']);
    threads[0]?.stops();
    expect(threads[1]?.start.maxStreams).toBe(7);
    threads[1]?.listens({ ...idleStatus, allocations: 5 });
    expect((await restarted).status.allocations).toBe(5);
    // Its drain is nobody else's.
    expect(told).toEqual([]);
    threads[1]?.emit('exit', 1);
    await eventually('a third thread', () => threads.length === 3);
    expect(threads[2]?.start.maxStreams).toBe(7);
    await link.stop();
  });

  test('ends what has not ended when the time is over', async () => {
    const { link, threads } = await startedLink();
    void link.restart(next, 20);
    await eventually('the stop', () => threads[0]?.orders.length === 2);
    expect(threads[0]?.orders).toEqual(['drain', 'stop']);
  });

  test('that fails starts the old configuration again, and says why it failed', async () => {
    const { link, threads } = await startedLink(startOf({ maxStreams: 3 }));
    const restarted = link.restart(next, 0);
    threads[0]?.say({ type: 'drained' });
    threads[0]?.stops();
    threads[1]?.say({ type: 'start-failed', url: 'udp://127.0.0.1:3478', code: 'EADDRINUSE', message: 'taken' });
    threads[1]?.emit('exit', 0);
    expect(threads[2]?.start.maxStreams).toBe(3);
    threads[2]?.listens();
    await expect(restarted).rejects.toMatchObject({ code: 'port_taken' });
    const status = link.status();
    threads[2]?.say({ type: 'status', request: 1, status: idleStatus });
    await expect(status).resolves.toBe(idleStatus);
  });

  test('after which not even the old one starts: tried again, as after a death', async () => {
    const { link, threads, told } = await startedLink(startOf({ maxStreams: 3 }));
    const restarted = link.restart(next, 0);
    threads[0]?.say({ type: 'drained' });
    threads[0]?.stops();
    for (const index of [1, 2]) threads[index]?.emit('exit', 9);
    await expect(restarted).rejects.toMatchObject({ code: 'relay_start_failed' });
    expect(told).toEqual(['not restarted: exit code 9, again in a second or more']);
    await eventually('the old configuration again', () => threads.length === 4);
    expect(threads[3]?.start.maxStreams).toBe(3);
    threads[3]?.listens();
    expect(told.at(-1)).toBe('restarted');
  });

  test('of a thread that dies while it drains goes on, its sessions ended', async () => {
    const { link, threads, told } = await startedLink();
    const client = { transport: 'udp' } as never;
    const principal = { kind: 'static', name: 'alice' } as const;
    const started = {
      type: 'session-started',
      session: 1 as never,
      client,
      username: 'alice',
      principal,
      relays: [],
    } as const;
    threads[0]?.say({ type: 'events', events: [started] });
    const restarted = link.restart(next, 60_000);
    threads[0]?.emit('exit', 1);
    threads[1]?.listens();
    await restarted;
    expect(told).toEqual(['events', 'events']);
  });

  test('takes with it what came meanwhile: certificate and back-off', async () => {
    const { link, threads } = await startedLink();
    void link.restart(next, 0);
    const tls = { certificate: 'c', key: 'k' } as never;
    link.setCertificate(tls);
    threads[0]?.say({ type: 'drained' });
    threads[0]?.say({ type: 'backoff', snapshot: Uint8Array.of(5) });
    threads[0]?.stops();
    expect(threads[1]?.start).toMatchObject({ tls, backoff: Uint8Array.of(5), maxStreams: 7 });
  });

  test('stays on the ports that the system chose', async () => {
    const host = '*' as const;
    const listen = [{ transport: 'udp', host, port: 0 } as const];
    const scripted = scriptedLink(startOf({ listen }));
    const { link, threads } = scripted;
    const started = link.start();
    const address = { ip: { family: 4, w0: 1, w1: 0, w2: 0, w3: 0 } as const, port: 4711 };
    const bound = { transport: 'udp', address, wildcard: true, request: 0 } as const;
    threads[0]?.listens({ ...idleStatus, listeners: [bound] });
    await started;
    void link.restart(startOf({ listen: [{ transport: 'tcp', host, port: 0 }, ...listen] }), 0);
    threads[0]?.say({ type: 'drained' });
    threads[0]?.stops();
    expect(threads[1]?.start.listen.map(({ port }) => port)).toEqual([0, 4711]);
  });

  test.each<[string, (link: Awaited<ReturnType<typeof startedLink>>) => void]>([
    ['another restart', ({ link }) => void link.restart(next, 60_000)],
    ['a drain', ({ link }) => void link.drain()],
    ['a thread that died', ({ threads }) => void threads[0]?.emit('exit', 1)],
  ])('is refused beside %s', async (_, begin) => {
    const scripted = await startedLink();
    begin(scripted);
    await expect(scripted.link.restart(next, 0)).rejects.toMatchObject({ code: 'relay_unavailable' });
  });

  test('comes to nothing when the link stops', async () => {
    const { link, threads } = await startedLink();
    const restarted = link.restart(next, 60_000);
    const stopped = link.stop();
    await expect(restarted).rejects.toMatchObject({ code: 'relay_unavailable' });
    threads[0]?.stops(4);
    expect(await stopped).toBe(4);
    expect(threads).toHaveLength(1);
  });
});
