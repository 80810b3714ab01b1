import type { SessionEvent } from '../seam/session-event.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Certificate } from './certificate.ts';
import type { BoundListener } from './relay-messages.ts';
import { listenerUrl } from './running-parts.ts';
import { SessionLog } from './session-log.ts';

/** What an appliance logs of its life: one line an event, each with a stable name, in the words of whoever reads it at night. */
export class ApplianceLog {
  readonly #log: Logger;
  readonly #sessions: SessionLog;

  constructor(log: Logger) {
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

  /** A local command failed for no reason that its caller could mend. */
  controlFailed(error: unknown): void {
    this.#log.error({ event: 'control_failed', error: String(error) }, 'a local command failed');
  }

  /** An HTTP request failed inside the server. */
  httpFailed(error: Error): void {
    this.#log.error({ event: 'http_failed', error: error.stack }, 'an HTTP request failed');
  }
}
