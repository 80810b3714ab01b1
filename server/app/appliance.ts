import { networkInterfaces } from 'node:os';
import type { ResolvedConfig } from '../config/resolved-config.ts';
import { assertNever } from '../contract/assert-never.ts';
import type { ControlReply, ControlRequest, DrainReply, HealthReply, IceReply } from '../contract/control.ts';
import { defaultCredentialTtlS } from '../contract/limits.ts';
import { iceServers } from '../credentials/ice-servers.ts';
import type { SessionEvent } from '../seam/session-event.ts';
import type { Logger } from '../telemetry/logger.ts';
import { interfaceAddresses } from './address-plan.ts';
import { ApplianceLog } from './appliance-log.ts';
import type { ApplianceObserver } from './appliance-observer.ts';
import { readinessOf, type AppliancePhase } from './appliance-phase.ts';
import { ControlServer } from './control-server.ts';
import { credentialsFromConfig, issuingSecret } from './credentials-from-config.ts';
import type { HttpListener } from './http-listener.ts';
import type { Certificate } from './certificate.ts';
import { stateOnDisk, type KeptState } from './kept-state.ts';
import { RelayLink, spawnRelayThread, type RelayStarted, type SpawnRelay } from './relay-link.ts';
import type { RelayStart, RelayStatus } from './relay-messages.ts';
import { findPublicAddress, type FoundPublicAddress } from './public-address.ts';
import { planRelayStart } from './relay-start.ts';
import { describeHealth, describeStarted, urlsOf, type ApplianceStarted, type RunningParts } from './running-parts.ts';
import type { TlsMaterial } from '../transport/tls-material.ts';
import { WatchedCertificate } from './watched-certificate.ts';
import { relayWorkerEntry } from './worker-entry.ts';

/** What an appliance is made of. */
export interface ApplianceOptions {
  readonly config: ResolvedConfig;
  readonly log: Logger;
  /** Runs the relay thread; the default runs this release's. */
  readonly spawnRelay?: SpawnRelay;
  /** Instead of the data directory that the configuration names. */
  readonly state?: KeptState;
  readonly observer?: ApplianceObserver;
}

/**
 * The composition root: one appliance with its relay thread, HTTP listener and control socket. It prints nothing,
 * handles no signals and never exits the process. Once only: `start`, then `drain` or `stop`.
 */
export class Appliance {
  readonly #config: ResolvedConfig;
  readonly #log: ApplianceLog;
  readonly #spawnRelay: SpawnRelay;
  readonly #state: KeptState | undefined;
  readonly #observer: ApplianceObserver | undefined;
  readonly #finished = Promise.withResolvers<void>();
  #running: RunningParts | undefined;
  #phase: AppliancePhase = 'starting';
  #drainTimer: NodeJS.Timeout | undefined;
  #drainEndsAtMs = Infinity;

  constructor(options: ApplianceOptions) {
    this.#config = options.config;
    this.#log = new ApplianceLog(options.log);
    this.#spawnRelay = options.spawnRelay ?? spawnRelayThread(relayWorkerEntry);
    this.#state = options.state;
    this.#observer = options.observer;
  }

  /** Where the appliance is in its life. */
  get phase(): AppliancePhase {
    return this.#phase;
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
    const state = this.#state ?? stateOnDisk(this.#config.dataDir);
    const control = await this.#openControl(state);
    const closers: (() => Promise<unknown>)[] = control === null ? [] : [() => control.close()];
    try {
      const credentials = credentialsFromConfig(this.#config.turn, state.turnSecret);
      const certificate = await this.#openCertificate();
      const tls = certificate?.current.material ?? null;
      const nonceKey = state.nonceKey();
      const found = await this.#findPublicAddress();
      const turn = { ...this.#config.turn, publicAddress: found.publicAddress };
      const { start, warnings } = planRelayStart(turn, { credentials, nonceKey, tls });
      const link = this.#createLink(start);
      closers.push(() => link.stop());
      const [relay, http] = await bothOpened(link.start(), this.#openHttp(tls), closers);
      this.#running = {
        config: this.#config,
        state,
        credentials,
        control,
        link,
        http,
        certificate,
        found,
        startedAtMs: Date.now(),
        warnings: [...found.warnings, ...warnings, ...relay.warnings, ...(certificate?.warnings ?? [])],
        listeners: relay.status.listeners,
        engine: relay.status.engine,
      };
      certificate?.watch();
    } catch (error) {
      await Promise.allSettled(closers.reverse().map((close) => close()));
      throw error;
    }
    this.#phase = 'serving';
    return this.describe();
  }

  /**
   * Takes no new allocations, and stops when the last session has ended or the time is over. Repeatable: the earliest end counts.
   * @param waitMs how long the sessions may go on; `drainSeconds` when omitted
   */
  async drain(waitMs = this.#config.drainSeconds * 1000): Promise<DrainReply> {
    const { link } = this.#expectRunning();
    const deadlineSeconds = waitMs / 1000;
    if (this.#phase === 'serving' || this.#phase === 'degraded') {
      this.#phase = 'draining';
      this.#log.draining(deadlineSeconds);
      this.#observer?.onDraining();
    }
    const endsAtMs = performance.now() + waitMs;
    if (this.#phase === 'draining' && endsAtMs < this.#drainEndsAtMs) {
      this.#drainEndsAtMs = endsAtMs;
      clearTimeout(this.#drainTimer);
      this.#drainTimer = setTimeout(() => this.#stopDrained(), waitMs);
    }
    return { draining: true, sessions: await link.drain(), deadlineSeconds };
  }

  /** Ends every session and closes everything. To be called once `start` has resolved; repeatable; resolves when all is closed. */
  async stop(): Promise<void> {
    const running = this.#expectRunning();
    if (this.#phase === 'stopped') return this.#finished.promise;
    this.#phase = 'stopped';
    clearTimeout(this.#drainTimer);
    running.certificate?.close();
    try {
      const sessionsEnded = await running.link.stop();
      await Promise.all([running.http?.close(), running.control?.close()]);
      this.#log.stopped(sessionsEnded);
    } finally {
      this.#finished.resolve();
    }
  }

  /** What it serves with now. */
  describe(): ApplianceStarted {
    return describeStarted(this.#expectRunning());
  }

  /** How the appliance is. */
  async health(): Promise<HealthReply> {
    const running = this.#expectRunning();
    return describeHealth(running, this.#phase, await this.#relayStatus(running));
  }

  /** Issues a time-limited credential for `subject` with the URLs of everything that listens (DESIGN.md section 7). */
  issueIceServers(request: { readonly subject?: string; readonly ttlSeconds?: number }): IceReply {
    const running = this.#expectRunning();
    const document = iceServers({
      urls: urlsOf(running),
      secret: issuingSecret(running.credentials).secret,
      subject: request.subject ?? '',
      ttlS: request.ttlSeconds ?? defaultCredentialTtlS,
      nowS: Date.now() / 1000,
    });
    return { ...document, warnings: running.warnings };
  }

  /**
   * Ends one session, which is named as its events name it.
   * @returns whether it was there
   * @throws EnvironmentError `relay_unavailable`
   */
  endSession({
    session,
    client,
  }: Pick<SessionEvent & { type: 'session-started' }, 'session' | 'client'>): Promise<boolean> {
    return this.#expectRunning().link.endSession(session, client);
  }

  async #openControl({ controlSocket }: KeptState): Promise<ControlServer | null> {
    if (controlSocket === null) return null;
    const control = new ControlServer(controlSocket, {
      handle: (request) => this.#answer(request),
      onFailure: (error) => this.#log.controlFailed(error),
    });
    await control.listen();
    return control;
  }

  #findPublicAddress(): Promise<FoundPublicAddress> {
    const { publicAddress, relayAddress } = this.#config.turn;
    return findPublicAddress({ publicAddress, relayAddress, interfaces: interfaceAddresses(networkInterfaces()) });
  }

  async #openCertificate(): Promise<WatchedCertificate | null> {
    const { tls, publicHost } = this.#config;
    if (tls === null) return null;
    return WatchedCertificate.open(
      { files: tls, publicHost },
      {
        onRenewed: (certificate) => this.#useCertificate(certificate),
        onRefused: (reason) => this.#log.certificateRefused(reason),
        onExpiring: (warning) => this.#log.certificateExpiring(warning),
      },
    );
  }

  #useCertificate(certificate: Certificate): void {
    this.#running?.link.setCertificate(certificate.material);
    this.#running?.http?.setCertificate(certificate.material);
    this.#log.certificateRenewed(certificate);
  }

  async #openHttp(tls: TlsMaterial | null): Promise<HttpListener | null> {
    const bind = this.#config.http.public;
    if (bind === null) return null;
    const { openPublicListener } = await import('./http-listener.ts');
    return openPublicListener(bind, {
      tls,
      readiness: () => readinessOf(this.#phase),
      onFailure: (error) => this.#log.httpFailed(error),
    });
  }

  #createLink(start: RelayStart): RelayLink {
    return new RelayLink(start, this.#spawnRelay, {
      onSessionEvents: (events) => {
        this.#log.sessions(events);
        this.#observer?.onSessionEvents(events);
      },
      onDrained: () => this.#stopDrained(),
      onListenersChanged: (listeners, warnings) => {
        if (this.#running !== undefined) this.#running.listeners = listeners;
        this.#log.listenersChanged(listeners, warnings);
        this.#observer?.onListenersChanged(listeners);
      },
      onRelayDied: (cause, sessionsLost) => {
        if (this.#phase === 'serving') this.#phase = 'degraded';
        this.#log.relayDied(cause, sessionsLost);
        this.#observer?.onRelayDied(cause, sessionsLost);
      },
      onRelayNotRestarted: (cause, waitMs) => this.#log.relayNotRestarted(cause, waitMs),
      onRelayRestarted: (status) => {
        if (this.#phase === 'degraded') this.#phase = 'serving';
        if (this.#running !== undefined) this.#running.listeners = status.listeners;
        this.#log.relayRestarted();
        this.#observer?.onRelayRestarted(status.listeners);
      },
    });
  }

  #stopDrained(): void {
    this.stop().catch((error: unknown) => this.#log.stopFailed(error));
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

  async #relayStatus(running: RunningParts): Promise<RelayStatus | null> {
    try {
      return await running.link.status();
    } catch (error) {
      this.#log.relayStatusFailed(error);
      return null;
    }
  }

  #expectRunning(): RunningParts {
    if (this.#running === undefined) {
      throw new Error('start() has to resolve before anything else is asked of an appliance');
    }
    return this.#running;
  }
}

/** Awaits both to their end, so that a failure of one leaves nothing of the other behind. */
async function bothOpened(
  relayStarting: Promise<RelayStarted>,
  httpStarting: Promise<HttpListener | null>,
  closers: (() => Promise<unknown>)[],
): Promise<[RelayStarted, HttpListener | null]> {
  const [relay, http] = await Promise.allSettled([relayStarting, httpStarting]);
  const opened = http.status === 'fulfilled' ? http.value : null;
  if (opened !== null) closers.push(() => opened.close());
  if (relay.status === 'rejected') throw relay.reason;
  if (http.status === 'rejected') throw http.reason;
  return [relay.value, http.value];
}
