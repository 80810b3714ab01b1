import { ipKey } from '../stun/transport-address.ts';
import type { TurnListener } from './resolved-config.ts';

/** Whether two listeners cannot both be bound. */
export function isSameSocket(a: TurnListener, b: TurnListener): boolean {
  if ((a.transport === 'udp') !== (b.transport === 'udp') || a.port !== b.port || a.port === 0) return false;
  return a.host === '*' || b.host === '*' || ipKey(a.host) === ipKey(b.host);
}
