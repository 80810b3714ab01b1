import type { Readiness } from '../api/public/health.ts';
import type { StoreHealth } from '../store/connection.ts';
import { assertNever } from '../contract/assert-never.ts';
import type { HealthStatus } from '../contract/control.ts';

/** Where an appliance is in its life. `degraded`: its relay thread died, and another is being started. */
export type AppliancePhase = 'starting' | 'serving' | 'degraded' | 'draining' | 'stopped';

/** Whether a load balancer may send clients here, and why not. */
export function readinessOf(phase: AppliancePhase, store: StoreHealth): Readiness {
  switch (phase) {
    case 'serving':
      return store.ok ? { ready: true } : { ready: true, degraded: store.error.code };
    case 'starting':
      return { ready: false, reason: 'the relay is starting' };
    case 'degraded':
      return { ready: false, reason: 'the relay thread is being restarted' };
    case 'draining':
    case 'stopped':
      return { ready: false, reason: 'draining' };
    default:
      return assertNever(phase);
  }
}

/** How an appliance is whose relay thread answers. */
export function healthStatusOf(phase: AppliancePhase): HealthStatus {
  if (phase === 'serving') return 'ok';
  return phase === 'draining' || phase === 'stopped' ? 'draining' : 'degraded';
}
