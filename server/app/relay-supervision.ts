import type { CredentialChange } from '../credentials/credential-set.ts';
import type { Administration } from './administration.ts';
import type { ApplianceLog } from './appliance-log.ts';
import type { ApplianceObserver } from './appliance-observer.ts';
import type { AppliancePhase } from './appliance-phase.ts';
import type { Records } from './records.ts';
import { RelayLink } from './relay-link.ts';
import type { RelayStart, RelayStatus } from './relay-messages.ts';
import { planRelayStart } from './relay-start.ts';
import type { SpawnRelay } from './relay-thread.ts';
import type { RunningParts } from './running-parts.ts';

/** What the supervision works with. */
export interface SupervisionParts {
  readonly spawn: SpawnRelay;
  readonly records: Records;
  readonly administration: Administration;
  readonly log: ApplianceLog;
  readonly observer: ApplianceObserver | undefined;
  /** Undefined until the start has resolved. */
  readonly running: () => RunningParts | undefined;
  readonly phase: () => AppliancePhase;
  readonly setPhase: (phase: AppliancePhase) => void;
  /** Draining, and the last session has ended. */
  readonly onDrained: () => void;
}

/** Owns the link to the relay thread: what the thread tells goes to whoever needs it, and changed settings to another thread. */
export class RelaySupervision {
  readonly link: RelayLink;
  readonly #parts: SupervisionParts;
  #restarts = 0;
  #isReconfiguring = false;
  #reconfigureAgain = false;

  constructor(start: RelayStart, parts: SupervisionParts) {
    this.#parts = parts;
    this.link = this.#createLink(start);
  }

  /** Restarts of the thread that nobody asked for. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Brings changes of the credentials to the thread. */
  applyCredentials(changes: readonly CredentialChange[]): void {
    this.link.applyCredentials(changes);
  }

  /**
   * Has another thread take over with the present configuration, once the sessions have ended or `drainSeconds` are over. What is
   * asked for meanwhile is done afterwards. A configuration that cannot be served is told in the log, and the one before goes on.
   */
  async reconfigure(): Promise<void> {
    this.#reconfigureAgain = this.#isReconfiguring;
    if (this.#isReconfiguring) return;
    this.#isReconfiguring = true;
    const { log } = this.#parts;
    log.relayRestarting();
    try {
      await this.#restart();
      log.relayReconfigured();
    } catch (error) {
      log.relayNotReconfigured(error);
    } finally {
      this.#isReconfiguring = false;
    }
    if (this.#reconfigureAgain) await this.reconfigure();
  }

  async #restart(): Promise<void> {
    const running = this.#parts.running();
    if (running === undefined) throw new Error('start() has to resolve before settings are changed');
    const { config, state, certificate, found, records } = running;
    const turn = { ...config.turn, publicAddress: found.publicAddress };
    records.credentials.configure(config.turn);
    const tls = certificate?.current.material ?? null;
    const { start } = planRelayStart(turn, { nonceKey: state.nonceKey(), tls, backoff: null });
    const { status } = await this.link.restart(start, config.drainSeconds * 1000);
    running.listeners = status.listeners;
  }

  #createLink(start: RelayStart): RelayLink {
    const { spawn, records, administration, log, observer, phase, setPhase, onDrained } = this.#parts;
    return new RelayLink(start, spawn, records.credentials, {
      onSessionEvents: (events) => {
        log.sessions(events);
        for (const change of records.noteEvents(events)) {
          observer?.onSessionChange(change);
          administration.noteSession(change);
        }
      },
      onUsage: (report) => records.noteUsage(report),
      onBackoff: (snapshot) => records.keepBackoff(snapshot),
      onCredentialsFailed: (error) => log.credentialsFailed(error),
      onDrained,
      onListenersChanged: (listeners, warnings) => {
        this.#listen(listeners);
        log.listenersChanged(listeners, warnings);
        observer?.onListenersChanged(listeners);
      },
      onRelayDied: (cause, sessionsLost) => {
        if (phase() === 'serving') setPhase('degraded');
        log.relayDied(cause, sessionsLost);
        observer?.onRelayDied(cause, sessionsLost);
      },
      onRelayNotRestarted: (cause, waitMs) => log.relayNotRestarted(cause, waitMs),
      onRelayRestarted: (status) => {
        if (phase() === 'degraded') setPhase('serving');
        this.#restarts += 1;
        this.#listen(status.listeners);
        log.relayRestarted();
        observer?.onRelayRestarted(status.listeners);
      },
    });
  }

  /** The thread may tell of its listeners before the start has resolved, which says the same. */
  #listen(listeners: RelayStatus['listeners']): void {
    const running = this.#parts.running();
    if (running !== undefined) running.listeners = listeners;
  }
}
