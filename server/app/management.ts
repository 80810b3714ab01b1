import { AdminApi } from '../api/admin/admin-api.ts';
import { EventRing } from '../api/admin/event-ring.ts';
import type { AdminPorts, LiveSession, SystemStatus } from '../api/admin/ports.ts';
import type { IssuingPort } from '../api/public/ports.ts';
import { RequestRefused } from '../api/request-failure.ts';
import { TrustedProxies } from '../api/trusted-proxies.ts';
import { formatCidr } from '../stun/cidr.ts';
import type { StoreNotice } from '../store/records.ts';
import { EventDigests } from '../telemetry/event-digests.ts';
import { IssuedLabels } from '../telemetry/issued-labels.ts';
import type { Logger } from '../telemetry/logger.ts';
import { Metrics } from '../telemetry/metrics.ts';
import type { ApplianceView } from './appliance-view.ts';
import { configuredPort } from './configured-port.ts';
import { EnvironmentError } from './errors.ts';
import { sourceOfSocket } from './http-listener.ts';
import type { SessionChange } from './live-sessions.ts';
import { metricsSource } from './metrics-figures.ts';
import { noSettings } from './settings.ts';
import { SetupLink } from './setup-link.ts';
import { version } from './version.ts';

/** Events that whoever watches, and was away for a moment, is told afterwards. */
const rememberedEvents = 1_000;
const summaryEveryMs = 5_000;
const digestEveryMs = 1_000;

/**
 * What administrators and Prometheus are served from: the admin API over a running appliance, with what it remembers of failures, labels
 * and events.
 */
export class Management {
  readonly api: AdminApi;
  readonly metrics: Metrics;
  readonly setup: SetupLink;
  readonly events = new EventRing(rememberedEvents, Date.now());
  readonly labels = new IssuedLabels();
  /** Issues for both APIs; what an application calls a credential is shown beside its sessions. */
  readonly issuing: IssuingPort = {
    iceServers: (request) => {
      const document = asRefusal(() => this.view.issue(request));
      const username = document.iceServers.find((server) => server.username !== undefined)?.username;
      if (request.label !== null && username !== undefined) this.labels.note(username, request.label);
      return document;
    },
  };
  readonly view: ApplianceView;
  readonly #stopListening: () => void;
  readonly #digests = new EventDigests((type, digest) => this.events.publish(type, digest));
  readonly #timers: readonly NodeJS.Timeout[];

  constructor(view: ApplianceView, log: Logger) {
    this.view = view;
    const { state, records } = view;
    this.setup = new SetupLink({ file: state.setupLink, consoleUrl: view.consoleUrl, nowMs: () => Date.now() });
    this.metrics = new Metrics(metricsSource(view));
    this.api = new AdminApi({
      ports: this.#ports(log),
      proxies: new TrustedProxies(view.config().http.trustedProxies),
      sourceOf: sourceOfSocket,
      adminUrl: () => view.config().http.adminUrl,
    });
    this.#stopListening = records.store.onChange((notice) => this.#onChange(notice));
    this.#timers = [
      setInterval(() => this.#digests.flush(), digestEveryMs),
      setInterval(() => this.#tellFailures(), summaryEveryMs),
    ].map((timer) => timer.unref());
  }

  /** Takes note of what became of a session. */
  noteSession(change: SessionChange): void {
    switch (change.type) {
      case 'started':
        return this.#digests.collect('sessions-started', {
          session: change.session.id,
          username: change.session.username,
        });
      case 'ended':
        return this.#digests.collect('sessions-ended', {
          session: change.ended.session.id,
          cause: change.ended.cause,
        });
      case 'refused':
        // Told in sums, every few seconds: strangers provoke these at will.
        return;
    }
  }

  /** Makes the setup link, where it is needed: while there is no owner. */
  setupLinkIfNeeded(): { readonly url: string; readonly expiresAtMs: number } | null {
    return this.view.records.store.accounts.ownerCount() === 0 ? this.setup.fresh() : null;
  }

  /** Ends what streams there are. */
  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.metrics.close();
    this.#stopListening();
    this.setup.withdraw();
    await this.api.close();
  }

  #ports(log: Logger): AdminPorts {
    const view = this.view;
    const { records } = view;
    return {
      store: records.store,
      relay: {
        sessions: () => this.#liveSessions(),
        endSession: (id) => this.#endSession(id),
      },
      settings: view.settings ?? noSettings,
      setup: this.setup,
      issue: this.issuing,
      configured: configuredPort(records.credentials, {
        realm: () => view.config().turn.realm,
        originOf: view.originOf,
      }),
      failures: { recent: (group) => records.accounting.failures.recent({ group, limit: Infinity }) },
      bytesThisMonth: (kind, name) =>
        kind === 'app' ? records.accounting.bytesOfApp(name) : records.accounting.bytesOfUser(name),
      events: this.events,
      system: () => systemStatus(view),
      metrics: () => this.metrics.scrape(),
      nowMs: () => Date.now(),
      log,
    };
  }

  #liveSessions(): readonly LiveSession[] {
    return Array.from(this.view.records.sessions.withTraffic(), ({ session, traffic }) => ({
      id: session.id,
      username: session.username,
      principal: session.principal,
      transport: session.transport,
      client: session.client,
      relayedAddresses: session.relayedAddresses,
      startedAtMs: session.startedAt.getTime(),
      ...traffic,
      label: this.labels.labelOf(session.username),
    }));
  }

  async #endSession(id: string): Promise<boolean> {
    const name = this.view.records.sessions.nameOf(id);
    if (name === undefined) return false;
    try {
      return await this.view.running().link.endSession(name.session, name.client);
    } catch (error) {
      throw error instanceof EnvironmentError ? new RequestRefused('relay_unavailable', error.message) : error;
    }
  }

  #onChange(notice: StoreNotice): void {
    if (notice.kind === 'account' && this.view.records.store.accounts.ownerCount() > 0) this.setup.withdraw();
    this.events.publish('changed', notice);
  }

  #tellFailures(): void {
    const summary = this.view.records.accounting.failures.takeSummary();
    if (summary !== null) this.events.publish('refused', summary);
  }
}

async function systemStatus(view: ApplianceView): Promise<SystemStatus> {
  const { records } = view;
  const health = await view.health();
  const { relayPorts, realm, peers } = view.config().turn;
  const stored = records.store.health;
  const failure = stored.ok
    ? null
    : { code: stored.error.code, message: stored.error.message, sinceMs: stored.sinceMs };
  return {
    status: health.status,
    problems: [
      ...(health.status === 'degraded'
        ? [{ code: 'relay_unavailable', message: 'The relay thread does not serve.' }]
        : []),
      ...(failure === null ? [] : [failure]),
    ],
    version,
    runtime: process.version,
    startedAtMs: Date.now() - health.uptimeSeconds * 1000,
    dataDir: health.dataDir,
    relay: {
      isRunning: health.status !== 'degraded',
      engine: health.engine,
      sessions: health.allocations,
      restarts: view.relayRestarts(),
      realm,
      relayPorts,
      peersAllow: peers.allow.map(formatCidr),
    },
    listeners: health.listeners,
    publicHost: view.config().publicHost ?? 'auto',
    certificate:
      health.certificate === null
        ? null
        : { names: health.certificate.names, expiresAtMs: Date.parse(health.certificate.expiresAt) },
    database: {
      path: view.state.path === null ? null : records.store.path,
      sizeBytes: records.store.sizeBytes,
      failure,
    },
    memoryBytes: process.memoryUsage.rss(),
    pendingRestart: view.settings?.pendingRestart ?? [],
  };
}

/** What a command is told in its words, an HTTP client is told in its own. */
function asRefusal<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw error instanceof EnvironmentError ? new RequestRefused('conflict', error.message) : error;
  }
}
