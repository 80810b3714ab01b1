import type { Role, TokenScope } from '../../store/records.ts';
import type { RequestActor } from './actor.ts';

/**
 * Who may use a route: `anyone`, without credentials; `account`, whoever is signed in, for what is their own; a role and those
 * above it; `metrics`, tokens of that scope and every role.
 */
export type Access = 'anyone' | 'account' | Role | 'metrics';

/** A role does what those before it do. */
const ranks: Readonly<Record<Role, number>> = { viewer: 1, operator: 2, owner: 3 };

const roleOfScope: Readonly<Record<TokenScope, Role | null>> = {
  read: 'viewer',
  operate: 'operator',
  own: 'owner',
  metrics: null,
};

/** The role that a token of this scope acts in; null: it is good for metrics alone. */
export function roleOf(scope: TokenScope): Role | null {
  return roleOfScope[scope];
}

/** Whether one role does all that the other does. */
export function covers(role: Role, other: Role): boolean {
  return ranks[role] >= ranks[other];
}

/** The lesser of two roles. */
export function lesser(role: Role, other: Role): Role {
  return covers(role, other) ? other : role;
}

/** Whether somebody may use routes of this access. */
export function permits(access: Exclude<Access, 'anyone'>, actor: RequestActor): boolean {
  switch (access) {
    case 'account':
      return actor.kind === 'account';
    case 'metrics':
      return true;
    case 'viewer':
    case 'operator':
    case 'owner':
      return actor.role !== null && covers(actor.role, access);
  }
}
