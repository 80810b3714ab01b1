import { assertNever } from '../contract/assert-never.ts';
import type { Deadline } from './allocation.ts';
import { removeChannel } from './channels.ts';
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
      endRelay(state, due, 'expired');
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
