import { defaultAppId } from '../../server/contract/default-app.ts';
import { changesOf } from '../../server/credentials/credential-changes.ts';
import {
  plainApp,
  type AppCredentials,
  type Ban,
  type CredentialChange,
  type CredentialDelta,
  type RestSecret,
  type StaticUser,
} from '../../server/credentials/credential-set.ts';

/** A set of credentials as most tests want it: the default app by its secrets alone. */
export interface TestCredentials {
  readonly realm: string;
  readonly users: readonly StaticUser[];
  /** Of the default app. */
  readonly secrets: readonly RestSecret[];
  /** Other apps; one called `default` takes the place of the one that is made of `secrets`. */
  readonly apps?: readonly AppCredentials[];
  readonly bans?: readonly Ban[];
}

/** The changes that make the whole set, `reset` and `complete` included. */
export function wholeSet({ realm, users, secrets, apps = [], bans = [] }: TestCredentials): CredentialChange[] {
  const all = [plainApp(defaultAppId, secrets), ...apps];
  return [{ kind: 'reset', realm }, ...changesOf({ apps: all, users, bans }), { kind: 'complete' }];
}

/** Changes with their numbers, from 1 or whichever follows. */
export function deltas(changes: readonly CredentialChange[], first = 1): CredentialDelta[] {
  return changes.map((change, index) => ({ sequence: first + index, change }));
}
