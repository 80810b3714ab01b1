import type { Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { CredentialSource } from '../../server/app/relay-credentials.ts';
import { RelayLink } from '../../server/app/relay-link.ts';
import type { FromRelay, RelayStart, RelayStarted, RelayStatus } from '../../server/app/relay-messages.ts';
import { planRelayStart } from '../../server/app/relay-start.ts';
import { spawnRelayThread } from '../../server/app/relay-thread.ts';
import type { UsageReport } from '../../server/app/relay-usage-report.ts';
import { relayWorkerEntry } from '../../server/app/worker-entry.ts';
import { changesOf, packUsers } from '../../server/credentials/credential-changes.ts';
import {
  staticUser,
  unlimitedUser,
  type CredentialChange,
  type StaticUser,
} from '../../server/credentials/credential-set.ts';
import type { SessionEvent } from '../../server/seam/session-event.ts';
import { eventually, loopbackConfig } from '../support/appliance.ts';
import { TurnClient } from '../support/turn-client.ts';
import { app, secret } from '../credentials/sets.ts';

const realm = 'turnpike.local';
const alice = { username: 'alice', password: 'wonderland' };
const bob = { username: 'bob', password: 'builder' };

/** Credentials as an owner would keep them. */
class Kept implements CredentialSource {
  readonly users = new Map<string, StaticUser>();

  constructor(...names: readonly { readonly username: string; readonly password: string }[]) {
    for (const { username, password } of names) this.users.set(username, staticUser(username, realm, password));
  }

  snapshot(): Iterable<CredentialChange> {
    return changesOf({
      apps: [app('default', [secret('a secret of the default app')])],
      users: this.users.values(),
      bans: [],
    });
  }
}

/** A real thread, its link, and all that passed between them. */
class RealRelay {
  readonly source: Kept;
  readonly link: RelayLink;
  readonly threads: Worker[] = [];
  readonly fromRelay: FromRelay[] = [];
  readonly events: SessionEvent[] = [];
  readonly reports: UsageReport[] = [];
  readonly told: string[] = [];
  readonly start: RelayStart;
  /** Changes with these words get lost on the way, once each. */
  readonly lose = new Set<string>();
  #status: RelayStatus | undefined;

  constructor(source: Kept, turn: Parameters<typeof loopbackConfig>[0] = {}) {
    this.source = source;
    const planned = planRelayStart(loopbackConfig({ peers: loopback, ...turn }).turn, {
      nonceKey: new Uint8Array(32).fill(1),
      backoff: null,
      tls: null,
    });
    this.start = planned.start;
    const spawnReal = spawnRelayThread(relayWorkerEntry);
    const spawn = (start: RelayStart): Worker => this.#listenIn(spawnReal(start));
    this.link = new RelayLink(this.start, spawn, source, {
      onSessionEvents: (events) => this.events.push(...events),
      onUsage: (report) => this.reports.push(report),
      onListenersChanged: () => undefined,
      onDrained: () => this.told.push('drained'),
      onRelayDied: () => this.told.push('died'),
      onRelayNotRestarted: (cause) => this.told.push(`not restarted: ${cause}`),
      onRelayRestarted: () => this.told.push('restarted'),
      onBackoff: () => this.told.push('backoff'),
      onCredentialsFailed: (error) => this.told.push(String(error)),
    });
  }

  async begin(): Promise<this> {
    this.#status = (await this.link.start()).status;
    onTestFinished(async () => {
      await this.link.stop();
    });
    return this;
  }

  restarted(started: RelayStarted): void {
    this.#status = started.status;
  }

  async client(credential: typeof alice): Promise<TurnClient> {
    const udp = this.#status?.listeners.find(({ transport }) => transport === 'udp');
    if (udp === undefined) throw new Error('nothing listens on UDP');
    const client = await TurnClient.overUdp(udp.address, credential);
    onTestFinished(() => client.close());
    return client;
  }

  /** How often a thread has said this. */
  count(type: FromRelay['type']): number {
    return this.fromRelay.filter((message) => message.type === type).length;
  }

  #listenIn(worker: Worker): Worker {
    this.threads.push(worker);
    worker.on('message', (message: FromRelay) => this.fromRelay.push(message));
    const post = worker.postMessage.bind(worker);
    worker.postMessage = (message: unknown): void => {
      const text = JSON.stringify(message);
      const lost = [...this.lose].find((word) => text.includes(word));
      if (lost === undefined) post(message);
      else this.lose.delete(lost);
    };
    return worker;
  }
}

const loopback = {
  allow: [{ ip: { family: 4, w0: 0x7f000000, w1: 0, w2: 0, w3: 0 }, prefixLength: 8 }],
  deny: [],
} as const;

/** Two clients that send each other so many packets of a hundred bytes, one way. */
async function relayed(relay: RealRelay, packets: number): Promise<[TurnClient, TurnClient]> {
  const [from, to] = [await relay.client(alice), await relay.client(bob)];
  const [a, b] = [(await from.allocate()).relayed, (await to.allocate()).relayed];
  if (a === null || b === null) throw new Error('no allocation');
  expect((await to.bindChannel(0x4000, a)).code).toBe(0);
  expect((await from.bindChannel(0x4000, b)).code).toBe(0);
  for (let count = 0; count < packets; count++) {
    from.sendChannel(0x4000, new Uint8Array(100));
    await to.nextMedia();
  }
  return [from, to];
}

function total(reports: readonly UsageReport[]): Record<'sent' | 'received', number> {
  const sum = { sent: 0, received: 0 };
  for (const { sessions } of reports) {
    for (const { clientToPeer, peerToClient } of sessions) {
      sum.sent += clientToPeer.bytes;
      sum.received += peerToClient.bytes;
    }
  }
  return sum;
}

describe('a real relay thread', () => {
  test('listens when it has all credentials, however many, and serves the last of them', async () => {
    const source = new Kept();
    for (let number = 0; number < 20_000; number++) {
      const keys = { md5Key: new Uint8Array(16), sha256Key: new Uint8Array(32) };
      source.users.set(`user-${number}`, { name: `user-${number}`, ...keys, ...unlimitedUser });
    }
    source.users.set('alice', staticUser('alice', realm, alice.password));
    const relay = await new RealRelay(source).begin();
    const listeningAt = relay.fromRelay.findIndex(({ type }) => type === 'listening');
    const applied = relay.fromRelay.slice(0, listeningAt).filter(({ type }) => type === 'credentials-applied');
    expect(applied.length).toBeGreaterThanOrEqual(20_000 / 128);
    expect((await (await relay.client(alice)).allocate()).code).toBe(0);
  });

  test('a change that gets lost on the way is noticed at the next, and the whole set comes anew', async () => {
    const relay = await new RealRelay(new Kept(alice)).begin();
    const before = await relay.client(alice);
    expect((await before.allocate()).code).toBe(0);
    const add = (name: string, password: string): void => {
      const user = staticUser(name, realm, password);
      relay.source.users.set(name, user);
      relay.link.applyCredentials([{ kind: 'users', users: packUsers([user]) }]);
    };
    relay.lose.add('"bob"');
    add('bob', bob.password);
    expect((await (await relay.client(bob)).allocate()).code).toBe(401);
    expect(relay.count('credentials-wanted')).toBe(0);
    add('carol', 'x');
    await eventually('the set to be asked for', () => relay.count('credentials-wanted') === 1);
    await expect.poll(async () => (await (await relay.client(bob)).allocate()).code).toBe(0);
    expect((await (await relay.client({ username: 'carol', password: 'x' })).allocate()).code).toBe(0);
    // Nobody's session has ended over it.
    expect((await before.refresh(600)).code).toBe(0);
    expect(relay.count('credentials-wanted')).toBe(1);
  });

  test('a whole set of which a part gets lost is asked for again, and the old one stays in force', async () => {
    const relay = await new RealRelay(new Kept(alice)).begin();
    relay.lose.add('remove-ban').add('"users"');
    relay.link.applyCredentials([{ kind: 'remove-ban', id: 'x' }, { kind: 'remove-ban', id: 'y' }]); // prettier-ignore
    await eventually('a second whole set', () => relay.count('credentials-wanted') === 2);
    expect((await (await relay.client(alice)).allocate()).code).toBe(0);
    expect(relay.lose.size).toBe(0);
  });

  test('SECURITY.md 9: a removed user’s session ends within two seconds', async () => {
    const relay = await new RealRelay(new Kept(alice, bob)).begin();
    const [client, other] = [await relay.client(alice), await relay.client(bob)];
    for (const each of [client, other]) await each.allocate();
    const startedAtMs = performance.now();
    relay.source.users.delete('alice');
    relay.link.applyCredentials([{ kind: 'remove-user', name: 'alice' }]);
    await eventually('the end', () => relay.events.some((event) => event.type === 'session-ended'));
    expect(performance.now() - startedAtMs).toBeLessThan(2000);
    expect(relay.events.at(-1)).toMatchObject({
      principal: { kind: 'static', name: 'alice' },
      cause: 'credential-revoked',
    });
    expect([(await client.refresh(600)).code, (await other.refresh(600)).code]).toEqual([437, 0]);
  });

  test('a thread that takes the place of one that died has the credentials as they are now', async () => {
    const relay = await new RealRelay(new Kept(alice)).begin();
    relay.source.users.set('bob', staticUser('bob', realm, bob.password));
    relay.source.users.delete('alice');
    await relay.threads[0]?.terminate();
    await eventually('another thread', () => relay.told.includes('restarted'));
    expect((await (await relay.client(bob)).allocate()).code).toBe(0);
    expect((await (await relay.client(alice)).allocate()).code).toBe(401);
  });

  test('tells what each session relayed, every second, exactly', async () => {
    const relay = await new RealRelay(new Kept(alice, bob)).begin();
    await relayed(relay, 25);
    await eventually('the usage', () => total(relay.reports).received === 2500);
    expect(total(relay.reports)).toEqual({ sent: 2500, received: 2500 });
    const named = relay.events.flatMap((event) => (event.type === 'session-started' ? [event.session] : []));
    expect(new Set(relay.reports.flatMap(({ sessions }) => sessions.map(({ session }) => session)))).toEqual(
      new Set(named),
    );
    const reports = relay.reports.length;
    await new Promise((resolve) => setTimeout(resolve, 2200));
    expect(relay.reports.length, 'nothing is told where nothing is relayed').toBe(reports);
  });

  test('nothing that was relayed is lost: of sessions that end, and at a stop', async () => {
    const relay = await new RealRelay(new Kept(alice, bob)).begin();
    const [from] = await relayed(relay, 10);
    await from.refresh(0);
    await relay.link.stop();
    expect(total(relay.reports)).toEqual({ sent: 1000, received: 1000 });
    const types = relay.fromRelay.map(({ type }) => type);
    expect(types.lastIndexOf('events')).toBeLessThan(types.lastIndexOf('usage'));
    expect(types.at(-1)).toBe('stopped');
  });

  test('SECURITY.md 5: failed authentications are counted, and make wait beyond a death of the thread', async () => {
    const relay = await new RealRelay(new Kept(alice)).begin();
    const wrong = await relay.client({ ...alice, password: 'looking-glass' });
    for (let count = 0; count < 105; count++) expect((await wrong.refresh(600)).code).toBe(401);
    await relay.link.restart(relay.start, 0).then((started) => relay.restarted(started));
    expect((await (await relay.client(alice)).allocate()).code).toBe(401);
    await eventually('the refusals', () => {
      const causes = relay.reports.flatMap(({ failures }) => failures);
      return (
        causes.some(({ cause }) => cause === 'backed-off') && causes.some(({ cause }) => cause === 'wrong-password')
      );
    });
    expect(relay.told).toContain('backoff');
  });

  test('is restarted with another configuration in the same place; live sessions have their time', async () => {
    const relay = await new RealRelay(new Kept(alice, bob)).begin();
    const client = await relay.client(alice);
    await client.allocate();
    const restarting = relay.link.restart(
      { ...relay.start, machine: { ...relay.start.machine, strictExpiry: true } },
      60_000,
    );
    // Whoever is there goes on, and nobody else comes.
    await eventually('the drain', () => relay.count('draining') === 1);
    expect((await (await relay.client(bob)).allocate()).code).toBe(508);
    expect((await client.refresh(600)).code).toBe(0);
    await client.refresh(0);
    await restarting;
    expect((await client.allocate()).code).toBe(0);
    expect(relay.told).not.toContain('drained');
  });

  test('is restarted as it was when another configuration cannot be', async () => {
    const relay = await new RealRelay(new Kept(alice)).begin();
    const elsewhere = { ip: { family: 4, w0: 0xc6336401, w1: 0, w2: 0, w3: 0 } as const, port: 3478 };
    const impossible = { ...relay.start, listen: [{ transport: 'udp' as const, host: elsewhere.ip, port: 3478 }] };
    await expect(relay.link.restart(impossible, 0)).rejects.toMatchObject({ code: 'address_unavailable' });
    expect((await (await relay.client(alice)).allocate()).code).toBe(0);
  });
});
