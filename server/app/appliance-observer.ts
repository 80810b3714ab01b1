import type { SessionChange } from './live-sessions.ts';
import type { BoundListener } from './relay-messages.ts';

/** What an appliance tells its owner while it runs, after it has logged it. */
export interface ApplianceObserver {
  onSessionChange(change: SessionChange): void;
  /** The addresses of this host have changed. */
  onListenersChanged(listeners: readonly BoundListener[]): void;
  /** The relay thread died with so many sessions, whose ends are reported next; a new one is being started. */
  onRelayDied(cause: string, sessionsLost: number): void;
  /** A new relay thread serves after one died, and listens on these. */
  onRelayRestarted(listeners: readonly BoundListener[]): void;
  /** No new allocations from now on. */
  onDraining(): void;
}
