import type { StoreHealth } from '../store/connection.ts';
import type { SessionEvent } from '../seam/session-event.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Certificate } from './certificate.ts';
import { reasonOf } from './errors.ts';
import type { BoundListener } from './relay-messages.ts';
import { listenerUrl } from './running-parts.ts';
import { SessionLog } from './session-log.ts';

/** What an appliance logs of its life: one line an event, each with a stable name, in the words of whoever reads it at night. */
export class ApplianceLog {
  /** Where it goes. */
  readonly logger: Logger;
  readonly #log: Logger;
  readonly #sessions: SessionLog;

  constructor(log: Logger) {
    this.logger = log;
    this.#log = log;
    this.#sessions = new SessionLog(log);
  }

  /** What happened to sessions. */
  sessions(events: readonly SessionEvent[]): void {
    for (const event of events) this.#sessions.note(event, Date.now());
  }

  /** No new allocations from now on. */
  draining(deadlineSeconds: number): void {
    this.#log.info({ event: 'draining', deadlineSeconds }, 'draining: no new allocations');
  }

  /** Everything is closed. */
  stopped(sessionsEnded: number): void {
    this.#log.info({ event: 'stopped', sessionsEnded }, 'stopped');
  }

  /** A stop that nobody waits for has failed. */
  stopFailed(error: unknown): void {
    this.#log.error({ event: 'stop_failed', error: String(error) }, 'not everything could be closed');
  }

  /** The host's addresses, and with them the listeners, are others now. */
  listenersChanged(listeners: readonly BoundListener[], warnings: readonly string[]): void {
    this.#log.info(
      { event: 'listeners_changed', listeners: listeners.map(listenerUrl), warnings },
      'the addresses of this host have changed',
    );
  }

  /** The relay thread ended, and its sessions with it. */
  relayDied(cause: string, sessionsLost: number): void {
    this.#log.error(
      { event: 'relay_died', cause, sessionsLost },
      'the relay thread died; its sessions have ended, clients will reconnect. A new one is starting',
    );
  }

  /** The relay thread that was to take its place could not start. */
  relayNotRestarted(cause: string, nextTryMs: number): void {
    this.#log.error(
      { event: 'relay_not_restarted', cause, nextTryMs },
      'the relay thread could not be started again; nobody is served until it can. Another try follows',
    );
  }

  /** Settings have changed that need another relay thread. */
  relayRestarting(): void {
    this.#log.info(
      { event: 'relay_restarting' },
      'settings have changed: the relay admits no new sessions, and starts anew when those it has have ended or drainSeconds are over',
    );
  }

  /** They are in force. */
  relayReconfigured(): void {
    this.#log.info({ event: 'relay_reconfigured' }, 'the relay serves with the changed settings');
  }

  /** The relay thread goes on with the settings of before. */
  relayNotReconfigured(error: unknown): void {
    this.#log.error(
      { event: 'relay_not_reconfigured', error: reasonOf(error) },
      'the relay could not start with the changed settings and goes on with those of before; change them again',
    );
  }

  /** Another relay thread has taken its place. */
  relayRestarted(): void {
    this.#log.warn({ event: 'relay_restarted' }, 'the relay thread serves again');
  }

  /** The relay thread did not say how it is. */
  relayStatusFailed(error: unknown): void {
    this.#log.warn({ event: 'relay_status_failed', error: String(error) }, 'the relay thread gave no status');
  }

  /** The files hold another certificate, which is in use from now on. */
  certificateRenewed({ names, expiresAtMs }: Certificate): void {
    this.#log.info(
      { event: 'certificate_renewed', names, expiresAt: new Date(expiresAtMs).toISOString() },
      'new TLS clients are served with the new certificate',
    );
  }

  /** The files hold what cannot be used. */
  certificateRefused(reason: string): void {
    this.#log.error({ event: 'certificate_refused', reason }, 'the new certificate is not used; the old one stays');
  }

  /** The certificate is about to expire, or has. */
  certificateExpiring(warning: string): void {
    this.#log.warn({ event: 'certificate_expiring' }, warning);
  }

  /** Changes cannot be kept any more, or can again. */
  storeHealth(health: StoreHealth): void {
    if (health.ok) {
      this.#log.warn({ event: 'store_recovered' }, 'the database can be written again');
    } else {
      this.#log.error(
        { event: 'store_failed', code: health.error.code, error: health.error.message },
        'the database cannot be written; relaying goes on, changes are refused, counters wait',
      );
    }
  }

  /** The relay could not be given its credentials. */
  credentialsFailed(error: unknown): void {
    this.#log.error(
      { event: 'credentials_failed', error: String(error) },
      'the credentials could not be read; the relay goes on with those that it has, and another try follows',
    );
  }

  /** The secret of an app was due to be another one. */
  secretRotated(app: string, secret: string, retiring: readonly string[]): void {
    this.#log.info({ event: 'secret_rotated', app, secret, retiring }, 'a secret was rotated as the app asks for');
  }

  /** It was due, and cannot be until somebody changes something. */
  secretNotRotated(app: string, reason: string): void {
    this.#log.error({ event: 'secret_not_rotated', app, reason }, 'a secret was due to be rotated and could not be');
  }

  /** What is done every hour could not be done. */
  scheduleFailed(error: Error): void {
    this.#log.error(
      { event: 'schedule_failed', error: error.message },
      'rotations and clearing up could not be done; another try follows in an hour',
    );
  }

  /** A local command failed for no reason that its caller could mend. */
  controlFailed(error: unknown): void {
    this.#log.error({ event: 'control_failed', error: String(error) }, 'a local command failed');
  }

  /** An HTTP request failed inside the server. */
  httpFailed(error: Error): void {
    this.#log.error({ event: 'http_failed', error: error.stack }, 'an HTTP request failed');
  }
}
