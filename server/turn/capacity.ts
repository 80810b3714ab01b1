import type { Client } from '../seam/client.ts';
import type { RefusalCause } from '../seam/session-event.ts';
import { ErrorCode } from '../stun/registry.ts';
import { reject, type Rejection } from './outcome.ts';
import type { TurnState } from './state.ts';

/**
 * The refusal of a server that is full or draining: 300 with another server of the client's own address family
 * (RFC 8656 section 7.2 step 11, RFC 8489 section 10), else 508. Only for authenticated requests (RFC 8489 section 14.8).
 */
export function rejectForCapacity(state: TurnState, client: Client, cause: RefusalCause): Rejection {
  const alternateServer = state.options.alternateServers.find(({ ip }) => ip.family === client.remote.ip.family);
  if (alternateServer === undefined) return reject(ErrorCode.insufficientCapacity, { cause });
  return reject(ErrorCode.tryAlternate, { cause, alternateServer });
}
