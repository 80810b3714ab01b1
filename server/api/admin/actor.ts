import assert from 'node:assert/strict';
import type { AccountRecord, Actor, AdminTokenRecord, Role, SignInRecord } from '../../store/records.ts';

/** Who asks. `who` is what the audit log is told. */
export type RequestActor =
  | {
      readonly kind: 'account';
      readonly role: Role;
      readonly account: AccountRecord;
      readonly signIn: SignInRecord;
      readonly who: Actor & { readonly kind: 'account' };
    }
  | {
      readonly kind: 'token';
      /** Null: good for metrics alone. */
      readonly role: Role | null;
      readonly token: AdminTokenRecord;
      readonly who: Actor & { readonly kind: 'token' };
    }
  /** A command on the host (docs/adr/0011). */
  | { readonly kind: 'local'; readonly role: 'owner'; readonly who: { readonly kind: 'local' } };

/** A command on the host. */
export const localActor: RequestActor = { kind: 'local', role: 'owner', who: { kind: 'local' } };

/** Where a request carries who sent it: a key that nothing outside this file has, let alone a client. */
const actorKey = Symbol('actor');

interface Carrier {
  [actorKey]?: RequestActor;
}

/** Takes note of who sent a request. Only what stands before the routes may say so. */
export function setActor(request: object, actor: RequestActor): void {
  (request as Carrier)[actorKey] = actor;
}

/** Who sent the request, on every route whose access is not `anyone`. */
export function actorOf(request: object): RequestActor {
  const actor = (request as Carrier)[actorKey];
  assert.ok(actor !== undefined, 'a route that anyone may use has no actor');
  return actor;
}

/** The name of whoever asks, as the audit log has it. */
export function nameOf({ who }: RequestActor): string {
  return who.kind === 'local' ? 'local' : who.name;
}
