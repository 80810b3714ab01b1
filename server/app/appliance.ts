import { networkInterfaces } from 'node:os';
import type { ResolvedConfig } from '../config/resolved-config.ts';
import { assertNever } from '../contract/assert-never.ts';
import type { ControlReply, ControlRequest, DrainReply, HealthReply, IceReply } from '../contract/control.ts';
import { defaultAppId } from '../contract/default-app.ts';
import type { SessionEvent } from '../seam/session-event.ts';
import type { LoadWithStored } from '../config/load.ts';
import type { LoadedConfig } from '../config/loaded-config.ts';
import type { Logger } from '../telemetry/logger.ts';
import { interfaceAddresses } from './address-plan.ts';
import { Administration } from './administration.ts';
import { ApplianceLog } from './appliance-log.ts';
import type { ApplianceObserver } from './appliance-observer.ts';
import { readinessOf, type AppliancePhase } from './appliance-phase.ts';
import { backUp } from './backup.ts';
import { ControlServer } from './control-server.ts';
import type { ApplianceView } from './appliance-view.ts';
import type { HttpSurface } from './no-http.ts';
import { Settings } from './settings.ts';
import type { Certificate } from './certificate.ts';
import { Issuer } from './issuing.ts';
import { stateOnDisk, type KeptState } from './kept-state.ts';
import { RelaySupervision } from './relay-supervision.ts';
import { Schedule } from './schedule.ts';
import { spawnRelayThread, type SpawnRelay } from './relay-thread.ts';
import type { RelayStart, RelayStarted, RelayStatus } from './relay-messages.ts';
import { findPublicAddress, type FoundPublicAddress } from './public-address.ts';
import { planRelayStart } from './relay-start.ts';
import type { Session, SessionName } from './live-sessions.ts';
import { checkRealm, checkSecretCount, openApplianceStore } from './open-store.ts';
import { Records } from './records.ts';
import {
  describeHealth,
  describeStarted,
  consoleUrlOf,
  type ApplianceStarted,
  type RunningParts,
} from './running-parts.ts';
import { WatchedCertificate } from './watched-certificate.ts';
import { relayWorkerEntry } from './worker-entry.ts';

/** What an appliance is made of. */
export interface ApplianceOptions {
  /** What it is started with, but for what administrators have set in the console. */
  readonly config: ResolvedConfig;
  /** Reads the configuration with what the database holds; absent: nothing can be set in the console. */
  readonly load?: LoadWithStored;
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
  #config: ResolvedConfig;
  readonly #load: LoadWithStored | undefined;
  #settings: Settings | null = null;
  #administration: Administration | null = null;
  #setupUrl: string | null = null;
  #schedule: Schedule | null = null;
  readonly #log: ApplianceLog;
  readonly #spawnRelay: SpawnRelay;
  readonly #state: KeptState | undefined;
  readonly #observer: ApplianceObserver | undefined;
  readonly #issuer = new Issuer(() => this.#expectRunning());
  readonly #finished = Promise.withResolvers<void>();
  #running: RunningParts | undefined;
  #supervision: RelaySupervision | undefined;
  #phase: AppliancePhase = 'starting';
  #drainTimer: NodeJS.Timeout | undefined;
  #drainEndsAtMs = Infinity;

  constructor(options: ApplianceOptions) {
    this.#config = options.config;
    this.#load = options.load;
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
      const records = this.#openRecords(state);
      closers.push(() => records.close());
      const administration = new Administration(this.#view(state, records), this.#log.logger);
      this.#administration = administration;
      closers.push(() => administration.close());
      const certificate = await this.#openCertificate();
      const tls = certificate?.current.material ?? null;
      const nonceKey = state.nonceKey();
      const found = await this.#findPublicAddress();
      const turn = { ...this.#config.turn, publicAddress: found.publicAddress };
      const { start, warnings } = planRelayStart(turn, { nonceKey, tls, backoff: records.backoff });
      const relayLink = this.#supervise(start, records, administration).link;
      closers.push(() => relayLink.stop());
      const opening = administration.openHttp({
        tls,
        readiness: () => readinessOf(this.#phase, records.store.health),
        onFailure: (error) => this.#log.httpFailed(error),
      });
      const [relay, http] = await bothOpened(relayLink.start(), opening, closers);
      this.#running = {
        config: this.#config,
        state,
        records,
        control,
        link: relayLink,
        http,
        certificate,
        found,
        startedAtMs: Date.now(),
        warnings: [...found.warnings, ...warnings, ...relay.warnings, ...(certificate?.warnings ?? [])],
        listeners: relay.status.listeners,
        engine: relay.status.engine,
      };
      this.#setupUrl = administration.firstSetupUrl();
      certificate?.watch();
    } catch (error) {
      for (const close of closers.reverse()) await close().catch(() => undefined);
      throw error;
    }
    this.#phase = 'serving';
    this.#schedule = this.#openSchedule(this.#running.records);
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
      await this.#schedule?.end();
      const sessionsEnded = await running.link.stop();
      await Promise.all([this.#administration?.close(), running.http.close(), running.control?.close()]).finally(() =>
        running.records.close(),
      );
      this.#log.stopped(sessionsEnded);
    } finally {
      this.#finished.resolve();
    }
  }

  /** What it serves with now. */
  describe(): ApplianceStarted {
    return { ...describeStarted(this.#expectRunning()), setupUrl: this.#setupUrl };
  }

  /** How the appliance is. */
  async health(): Promise<HealthReply> {
    const running = this.#expectRunning();
    return describeHealth(running, this.#phase, await this.#relayStatus(running));
  }

  /**
   * Issues a time-limited credential with the URLs of everything that listens (DESIGN.md section 7).
   * @param request `app`: the default one when omitted; `ttlSeconds`: the app's default
   * @throws EnvironmentError `admin_refused` when there is no such app, or it issues none, or none that lives so long
   */
  issueIceServers(request: {
    readonly app?: string;
    readonly subject?: string;
    readonly ttlSeconds?: number;
  }): IceReply {
    const running = this.#expectRunning();
    const { app = defaultAppId, subject = '', ttlSeconds } = request;
    const document = this.#issuer.issue({ appId: app, keyId: null, subject, ttlS: ttlSeconds ?? null });
    return { ...document, warnings: running.warnings };
  }

  /** Every live session, the oldest first. */
  get sessions(): readonly Session[] {
    return this.#running?.records.sessions.all ?? [];
  }

  /** How the relay names a session; undefined for one that is not live. */
  sessionName(id: string): SessionName | undefined {
    return this.#running?.records.sessions.nameOf(id);
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
    this.#running?.http.setCertificate(certificate.material);
    this.#log.certificateRenewed(certificate);
  }

  #view(state: KeptState, records: Records): ApplianceView {
    return {
      state,
      records,
      settings: this.#settings,
      config: () => this.#config,
      originOf: (key) => this.#settings?.originOf(key) ?? 'the program',
      running: () => this.#expectRunning(),
      issue: (request) => this.#issuer.issue(request),
      health: () => this.health(),
      relayStatus: () => this.#relayStatus(this.#expectRunning()),
      relayRestarts: () => this.#supervision?.restarts ?? 0,
      consoleUrl: () => consoleUrlOf(this.#expectRunning()),
    };
  }

  #openRecords(state: KeptState): Records {
    const { turn, masterKey } = this.#config;
    const store = openApplianceStore(state, { masterKey, hasConfiguredSecret: turn.secrets.length > 0 });
    try {
      store.onHealth((health) => this.#log.storeHealth(health));
      if (this.#load !== undefined) {
        this.#settings = new Settings(store, this.#load, {
          useAtOnce: (loaded) => this.#useConfig(loaded),
          restartRelay: () => void this.#supervision?.reconfigure(),
        });
        this.#config = this.#settings.resolved;
      }
      checkRealm(store, this.#config.turn.realm);
      checkSecretCount(store, this.#config.turn.secrets);
      return new Records(store, this.#config.turn, {
        tellRelay: (changes) => this.#supervision?.applyCredentials(changes),
        onUnreadable: (error) => this.#log.credentialsFailed(error),
      });
    } catch (error) {
      store.close();
      throw error;
    }
  }

  #openSchedule(records: Records): Schedule {
    return new Schedule({
      records,
      retention: () => this.#config.retention,
      configuredSecrets: () => records.credentials.configuredSecretIds.map((id) => ({ id, origin: 'turn.secrets' })),
      log: this.#log,
    });
  }

  #supervise(start: RelayStart, records: Records, administration: Administration): RelaySupervision {
    this.#supervision = new RelaySupervision(start, {
      spawn: this.#spawnRelay,
      records,
      administration,
      log: this.#log,
      observer: this.#observer,
      running: () => this.#running,
      phase: () => this.#phase,
      setPhase: (phase) => (this.#phase = phase),
      onDrained: () => this.#stopDrained(),
    });
    return this.#supervision;
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
      case 'backup':
        return backUp(this.#expectRunning().records.store, request.file);
      case 'admin':
        return this.#expectAdministration().answer(request);
      case 'setup-link':
        return this.#expectAdministration().setupLink();
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

  /** The configuration has changed: what is read whenever it is needed is another one from now on. */
  #useConfig({ resolved }: LoadedConfig): void {
    this.#config = resolved;
    if (this.#running !== undefined) this.#running.config = resolved;
  }

  #expectAdministration(): Administration {
    if (this.#administration === null) throw new Error('start() has to resolve before anything is administered');
    return this.#administration;
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
  httpStarting: Promise<HttpSurface>,
  closers: (() => Promise<unknown>)[],
): Promise<[RelayStarted, HttpSurface]> {
  const [relay, http] = await Promise.allSettled([relayStarting, httpStarting]);
  if (http.status === 'fulfilled') closers.push(() => http.value.close());
  if (relay.status === 'rejected') throw relay.reason;
  if (http.status === 'rejected') throw http.reason;
  return [relay.value, http.value];
}
