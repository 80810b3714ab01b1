import { assertNever } from '../contract/assert-never.ts';
import type { SessionEnd } from '../seam/session-event.ts';
import type { AllocatedRelay, Deadline } from './allocation.ts';
import { removeChannel } from './channels.ts';
import { latestEnd } from './lifetime.ts';
import { removePermission } from './permissions.ts';
import { endRelay } from './sessions.ts';
import type { TurnState } from './state.ts';

/** Ends all whose time has come. Called before every input, so that no answer depends on when a timer fired. */
export function expireDue(state: TurnState, nowMs: number): void {
  for (let due = state.deadlines.popDue(nowMs); due !== undefined; due = state.deadlines.popDue(nowMs)) {
    expire(state, due);
  }
}

function expire(state: TurnState, due: Deadline): void {
  switch (due.kind) {
    case 'allocated-relay':
      endRelay(state, due, causeOfExpiry(state, due));
      return;
    case 'permission':
      removePermission(state, due);
      return;
    case 'channel':
      removeChannel(state, due);
      return;
    case 'reservation':
      state.reservations.drop(due);
      return;
    case 'revoked-session':
      state.revokedSessions.forget(due.key);
      return;
    default:
      assertNever(due);
  }
}

/** Its lifetime is over, or it has come to the end that no refresh goes beyond. */
function causeOfExpiry(state: TurnState, { allocation, expiresAtMs }: AllocatedRelay): SessionEnd {
  const end = latestEnd(state, allocation);
  return expiresAtMs >= end.atMs ? end.cause : 'expired';
}
