import { networkInterfaces } from 'node:os';
import type { Readiness } from '../api/public/health.ts';
import type { ResolvedConfig } from '../config/resolved-config.ts';
import { assertNever } from '../contract/assert-never.ts';
import type {
  ControlReply,
  ControlRequest,
  DrainReply,
  HealthReply,
  HealthStatus,
  IceReply,
} from '../contract/control.ts';
import { defaultCredentialTtlS } from '../contract/limits.ts';
import type { CredentialSet } from '../credentials/credential-set.ts';
import { iceServers, type IceUrls } from '../credentials/ice-servers.ts';
import { formatTransportAddress } from '../stun/ip-text.ts';
import type { Logger } from '../telemetry/log.ts';
import { interfaceAddresses, planTranslations } from './address-plan.ts';
import { ControlServer } from './control-server.ts';
import { credentialsFromConfig, issuingSecret } from './credentials-from-config.ts';
import { loadNonceKey, loadTurnSecret, openDataDir, type DataDir } from './data-dir.ts';
import type { HttpListener } from './http-listener.ts';
import { iceUrls } from './ice-urls.ts';
import { RelayLink, spawnRelayThread, type SpawnRelay } from './relay-link.ts';
import type { BoundListener, RelayStart, RelayStatus } from './relay-messages.ts';
import { planRelayStart } from './relay-start.ts';
import { SessionLog } from './session-log.ts';
import { version } from './version.ts';
import { relayWorkerEntry } from './worker-entry.ts';

/** What an appliance is made of. */
export interface ApplianceOptions {
  readonly config: ResolvedConfig;
  readonly log: Logger;
  /** Runs the relay thread; the default runs this release's. */
  readonly spawnRelay?: SpawnRelay;
}

/** What a started appliance serves with. */
export interface ApplianceStarted {
  readonly dataDir: string;
  readonly engine: string;
  readonly listeners: readonly BoundListener[];
  /** The public HTTP listener, e.g. `http://*:8080`; null when it is off. */
  readonly publicUrl: string | null;
  readonly urls: IceUrls;
  readonly warnings: readonly string[];
}

/** Parts that exist from the start to the stop. */
interface Running {
  readonly dataDir: DataDir;
  readonly credentials: CredentialSet;
  readonly control: ControlServer;
  readonly link: RelayLink;
  readonly http: HttpListener | null;
  readonly startedAtMs: number;
  readonly warnings: readonly string[];
  listeners: readonly BoundListener[];
  engine: string;
}

/**
 * The composition root: one appliance with its relay thread, HTTP listener and control socket. It prints nothing,
 * handles no signals and never exits the process. Once only: `start`, then `drain` or `stop`.
 */
export class Appliance {
  readonly #config: ResolvedConfig;
  readonly #log: Logger;
  readonly #spawnRelay: SpawnRelay;
  readonly #finished = Promise.withResolvers<void>();
  #running: Running | undefined;
  #phase: 'starting' | 'serving' | 'degraded' | 'draining' | 'stopped' = 'starting';
  #drainTimer: NodeJS.Timeout | undefined;

  constructor(options: ApplianceOptions) {
    this.#config = options.config;
    this.#log = options.log;
    this.#spawnRelay = options.spawnRelay ?? spawnRelayThread(relayWorkerEntry);
  }

  /** Resolves when the appliance has stopped, whoever asked for it. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  /**
   * Opens everything, or nothing.
   * @throws EnvironmentError naming what the host does not give
   */
  async start(): Promise<ApplianceStarted> {
    const dataDir = openDataDir(this.#config.dataDir);
    const control = new ControlServer(dataDir.controlSocket, {
      handle: (request) => this.#answer(request),
      onFailure: (error) =>
        this.#log.error({ event: 'control_failed', error: String(error) }, 'a local command failed'),
    });
    await control.listen();
    const closers: (() => Promise<unknown>)[] = [() => control.close()];
    try {
      const credentials = credentialsFromConfig(this.#config.turn, () => loadTurnSecret(dataDir));
      const { start, warnings } = planRelayStart(this.#config.turn, credentials, loadNonceKey(dataDir));
      const link = this.#createLink(start);
      closers.push(() => link.stop());
      const [relay, http] = await this.#openListeners(link, closers);
      this.#running = {
        dataDir,
        credentials,
        control,
        link,
        http,
        startedAtMs: Date.now(),
        warnings: [...warnings, ...relay.warnings],
        listeners: relay.status.listeners,
        engine: relay.status.engine,
      };
    } catch (error) {
      for (const close of closers.reverse()) await close();
      throw error;
    }
    this.#phase = 'serving';
    return this.#describe(this.#running);
  }

  /**
   * Takes no new allocations, and stops when the last session has ended or `drainSeconds` are over. Repeatable.
   */
  async drain(): Promise<DrainReply> {
    const { link } = this.#expectRunning();
    const deadlineSeconds = this.#config.drainSeconds;
    if (this.#phase === 'serving' || this.#phase === 'degraded') {
      this.#phase = 'draining';
      this.#log.info({ event: 'draining', deadlineSeconds }, 'draining: no new allocations');
      this.#drainTimer = setTimeout(() => this.#stopDrained(), deadlineSeconds * 1000);
    }
    return { draining: true, sessions: await link.drain(), deadlineSeconds };
  }

  /** Ends every session and closes everything. To be called once `start` has resolved; repeatable; resolves when all is closed. */
  async stop(): Promise<void> {
    const running = this.#expectRunning();
    if (this.#phase === 'stopped') return this.#finished.promise;
    this.#phase = 'stopped';
    clearTimeout(this.#drainTimer);
    try {
      const sessionsEnded = await running.link.stop();
      await Promise.all([running.http?.close(), running.control.close()]);
      this.#log.info({ event: 'stopped', sessionsEnded }, 'stopped');
    } finally {
      this.#finished.resolve();
    }
  }

  /** How the appliance is. */
  async health(): Promise<HealthReply> {
    const running = this.#expectRunning();
    const relay = await this.#relayStatus(running);
    const http = running.http === null ? [] : [{ role: 'http', url: running.http.url }];
    return {
      status: relay === null ? 'degraded' : this.#healthStatus(),
      version,
      uptimeSeconds: Math.floor((Date.now() - running.startedAtMs) / 1000),
      allocations: relay?.allocations ?? 0,
      listeners: [...running.listeners.map(turnListener), ...http],
      engine: running.engine,
      dataDir: running.dataDir.path,
      counts: relay?.counts ?? {},
    };
  }

  /** Issues a time-limited credential for `subject` with the URLs of everything that listens (DESIGN.md section 7). */
  issueIceServers(request: { readonly subject?: string; readonly ttlSeconds?: number }): IceReply {
    const running = this.#expectRunning();
    const document = iceServers({
      urls: this.#urls(running.listeners),
      secret: issuingSecret(running.credentials).secret,
      subject: request.subject ?? '',
      ttlS: request.ttlSeconds ?? defaultCredentialTtlS,
      nowS: Date.now() / 1000,
    });
    return { ...document, warnings: running.warnings };
  }

  async #openListeners(
    link: RelayLink,
    closers: (() => Promise<unknown>)[],
  ): Promise<[Awaited<ReturnType<RelayLink['start']>>, HttpListener | null]> {
    const relayStarting = link.start();
    const httpStarting = this.#openHttp();
    // Both are awaited to their end, so that a failure of one leaves nothing of the other behind.
    const [relay, http] = await Promise.allSettled([relayStarting, httpStarting]);
    const opened = http.status === 'fulfilled' ? http.value : null;
    if (opened !== null) closers.push(() => opened.close());
    if (relay.status === 'rejected') throw relay.reason;
    if (http.status === 'rejected') throw http.reason;
    return [relay.value, http.value];
  }

  async #openHttp(): Promise<HttpListener | null> {
    const bind = this.#config.http.public;
    if (bind === null) return null;
    const { openPublicListener } = await import('./http-listener.ts');
    return openPublicListener(bind, {
      readiness: () => this.#readiness(),
      onFailure: (error) => this.#log.error({ event: 'http_failed', error: error.stack }, 'an HTTP request failed'),
    });
  }

  #createLink(start: RelayStart): RelayLink {
    const sessions = new SessionLog(this.#log);
    return new RelayLink(start, this.#spawnRelay, {
      onSessionEvents: (events) => {
        for (const event of events) sessions.note(event, Date.now());
      },
      onDrained: () => this.#stopDrained(),
      onListenersChanged: (listeners, warnings) => {
        if (this.#running !== undefined) this.#running.listeners = listeners;
        this.#log.info(
          { event: 'listeners_changed', listeners: listeners.map((listener) => turnListener(listener).url), warnings },
          'the addresses of this host have changed',
        );
      },
      onRelayDied: (cause, sessionsLost) => {
        if (this.#phase === 'serving') this.#phase = 'degraded';
        this.#log.error(
          { event: 'relay_died', cause, sessionsLost },
          'the relay thread died; its sessions have ended, clients will reconnect. A new one is starting',
        );
      },
      onRelayRestarted: (status) => {
        if (this.#phase === 'degraded') this.#phase = 'serving';
        if (this.#running !== undefined) this.#running.listeners = status.listeners;
        this.#log.warn({ event: 'relay_restarted' }, 'the relay thread serves again');
      },
    });
  }

  #stopDrained(): void {
    this.stop().catch((error: unknown) => {
      this.#log.error({ event: 'stop_failed', error: String(error) }, 'not everything could be closed');
    });
  }

  async #answer(request: ControlRequest): Promise<ControlReply> {
    switch (request.command) {
      case 'health':
        return this.health();
      case 'drain':
        return this.drain();
      case 'ice':
        return this.issueIceServers(request);
      default:
        return assertNever(request);
    }
  }

  #readiness(): Readiness {
    switch (this.#phase) {
      case 'serving':
        return { ready: true };
      case 'starting':
        return { ready: false, reason: 'the relay is starting' };
      case 'degraded':
        return { ready: false, reason: 'the relay thread is being restarted' };
      case 'draining':
      case 'stopped':
        return { ready: false, reason: 'draining' };
      default:
        return assertNever(this.#phase);
    }
  }

  #healthStatus(): HealthStatus {
    if (this.#phase === 'serving') return 'ok';
    return this.#phase === 'draining' || this.#phase === 'stopped' ? 'draining' : 'degraded';
  }

  async #relayStatus(running: Running): Promise<RelayStatus | null> {
    try {
      return await running.link.status();
    } catch (error) {
      this.#log.warn({ event: 'relay_status_failed', error: String(error) }, 'the relay thread gave no status');
      return null;
    }
  }

  #urls(listeners: readonly BoundListener[]): IceUrls {
    const { turn, publicHost } = this.#config;
    const interfaces = interfaceAddresses(networkInterfaces());
    const { publicAddress, relayAddress } = turn;
    const translations = planTranslations({ interfaces, publicAddress, relayAddress });
    return iceUrls({ listeners, publicHost, interfaces, translations });
  }

  #describe(running: Running): ApplianceStarted {
    return {
      dataDir: running.dataDir.path,
      engine: running.engine,
      listeners: running.listeners,
      publicUrl: running.http?.url ?? null,
      urls: this.#urls(running.listeners),
      warnings: running.warnings,
    };
  }

  #expectRunning(): Running {
    if (this.#running === undefined) {
      throw new Error('start() has to resolve before anything else is asked of an appliance');
    }
    return this.#running;
  }
}

function turnListener(listener: BoundListener): { role: string; url: string } {
  return { role: 'turn', url: `${listener.transport}://${formatTransportAddress(listener.address)}` };
}
