import { EventEmitter } from 'node:events';
import type { Worker } from 'node:worker_threads';
import type { CredentialSource } from '../../server/app/relay-credentials.ts';
import { RelayLink, type RelayLinkEvents } from '../../server/app/relay-link.ts';
import type { FromRelay, RelayStart, RelayStatus, ToRelay } from '../../server/app/relay-messages.ts';
import type { UsageReport } from '../../server/app/relay-usage-report.ts';

/** A relay thread whose every word and whose end the test decides: the order of these is what is tested here. */
export class ScriptedThread extends EventEmitter {
  readonly start: RelayStart;
  readonly received: ToRelay[] = [];

  constructor(start: RelayStart) {
    super();
    this.start = start;
  }

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

  listens(status: RelayStatus = idleStatus): void {
    this.say({ type: 'listening', status, warnings: [] });
  }

  /** Does what it was told, as far as that is to stop. */
  stops(sessionsEnded = 0): void {
    this.say({ type: 'stopped', sessionsEnded });
    this.emit('exit', 0);
  }

  /** What it was told, but for its credentials. */
  get orders(): string[] {
    return this.received.filter(({ type }) => type !== 'credentials').map(({ type }) => type);
  }
}

export const idleStatus: RelayStatus = {
  allocations: 0,
  listeners: [],
  engine: 'js',
  counts: { traffic: {}, drops: {}, machine: {}, streams: {} },
};

const noCredentials: CredentialSource = { snapshot: () => [] };

/** As much of a start as the link looks at. */
export function startOf(changes: Partial<RelayStart> = {}): RelayStart {
  const machine = { realm: 'turnpike.local' };
  return { machine, listen: [], tls: null, backoff: null, ...changes } as unknown as RelayStart;
}

export interface ScriptedLink {
  readonly link: RelayLink;
  readonly threads: ScriptedThread[];
  /** What the owner was told, in order. */
  readonly told: string[];
  readonly reports: UsageReport[];
}

/** A link whose threads the test plays. */
export function scriptedLink(start = startOf(), source: CredentialSource = noCredentials): ScriptedLink {
  const threads: ScriptedThread[] = [];
  const told: string[] = [];
  const reports: UsageReport[] = [];
  const events: RelayLinkEvents = {
    onSessionEvents: () => told.push('events'),
    onListenersChanged: () => told.push('listeners'),
    onDrained: () => told.push('drained'),
    onRelayDied: () => told.push('died'),
    onRelayNotRestarted: (cause, waitMs) =>
      told.push(`not restarted: ${cause}, again in ${waitMs > 500 ? 'a second or more' : 'half a second'}`),
    onRelayRestarted: () => told.push('restarted'),
    onUsage: (report) => reports.push(report),
    onBackoff: () => told.push('backoff'),
    onCredentialsFailed: (error) => told.push(`no credentials: ${String(error)}`),
  };
  const spawn = (spawned: RelayStart): Worker => {
    const thread = new ScriptedThread(spawned);
    threads.push(thread);
    return thread as unknown as Worker;
  };
  return { link: new RelayLink(start, spawn, source, events), threads, told, reports };
}

/** The same, with its first thread listening. */
export async function startedLink(start = startOf(), source: CredentialSource = noCredentials): Promise<ScriptedLink> {
  const scripted = scriptedLink(start, source);
  const started = scripted.link.start();
  scripted.threads[0]?.listens();
  await started;
  return scripted;
}
