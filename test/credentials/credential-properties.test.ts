import fc from 'fast-check';
import { expect, test } from 'vitest';
import { changesOf } from '../../server/credentials/credential-changes.ts';
import { CredentialBook } from '../../server/credentials/credential-book.ts';
import type { AppCredentials, CredentialChange, StaticUser } from '../../server/credentials/credential-set.ts';
import { staticUser } from '../../server/credentials/credential-set.ts';
import type { Credential } from '../../server/credentials/credential.ts';
import { userhash } from '../../server/credentials/long-term-key.ts';
import { deltas } from '../turn/credentials.ts';
import { app, candidatesOf, realm, secret } from './sets.ts';

const names = ['alice', '__proto__', '1001', '9:bob', ''];
const appIds = ['default', 'chat', 'call'];
const keys = names.map((name) => [staticUser(name, realm, 'one'), staticUser(name, realm, 'two')] as const);
const nowMs = 1_700_000_000_000;

const user = fc
  .record({
    who: fc.nat(names.length - 1),
    password: fc.nat(1),
    expiresAtS: fc.constantFrom(null, 1, 9_999_999_999),
    allocations: fc.nat(2),
    bitsPerSecond: fc.constantFrom(0, 1000),
    isExhausted: fc.boolean(),
  })
  .map(({ who, password, ...limits }): StaticUser => ({ ...keys[who]![password]!, ...limits }));

const anApp = fc
  .record({
    id: fc.constantFrom(...appIds),
    // Ids stand for values: every app has secrets of its own.
    secrets: fc.array(
      fc.record({ at: fc.nat(2), state: fc.constantFrom('active', 'retiring', 'retired', 'revoked') }),
      {
        maxLength: 3,
      },
    ),
    keyIds: fc.subarray(['abcdefgh', 'zyxwvuts']),
    state: fc.constantFrom('serving', 'disabled', 'exhausted'),
    longestSessionS: fc.constantFrom(null, 60),
    allocationsPerSubject: fc.constantFrom(null, 0, 3),
  })
  .map(({ id, secrets, ...rest }): AppCredentials => {
    const own = new Map(secrets.map(({ at, state }) => [at, secret(`${id} ${at}`, { state })]));
    return app(id, [...own.values()], rest);
  });

/** A set as a plain model, and what a change makes of it. */
interface Model {
  readonly apps: ReadonlyMap<string, AppCredentials>;
  readonly users: ReadonlyMap<string, StaticUser>;
}

type Step = (model: Model) => { readonly model: Model; readonly changes: readonly CredentialChange[] };

const nothing: Model = { apps: new Map(), users: new Map() };

function changesTo({ apps, users }: Model): CredentialChange[] {
  return [...changesOf({ apps: apps.values(), users: users.values(), bans: [] })];
}

function without<K, V>(map: ReadonlyMap<K, V>, key: K): Map<K, V> {
  const left = new Map(map);
  left.delete(key);
  return left;
}

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.array(user, { maxLength: 4 }).map((users): Step => {
    return (model) => {
      const added = new Map(users.map((each) => [each.name, each]));
      return {
        model: { ...model, users: new Map([...model.users, ...added]) },
        changes: changesTo({ apps: new Map(), users: added }),
      };
    };
  }),
  anApp.map((added): Step => {
    return (model) => ({
      model: { ...model, apps: new Map([...model.apps, [added.id, added]]) },
      changes: [{ kind: 'apps', apps: [added] }],
    });
  }),
  fc.constantFrom(...names).map((name): Step => {
    return (model) => ({
      model: { ...model, users: without(model.users, name) },
      changes: [{ kind: 'remove-user', name }],
    });
  }),
  fc.constantFrom(...appIds).map((id): Step => {
    return (model) => ({ model: { ...model, apps: without(model.apps, id) }, changes: [{ kind: 'remove-app', id }] });
  }),
  fc.tuple(fc.array(anApp, { maxLength: 3 }), fc.array(user, { maxLength: 3 })).map(([apps, users]): Step => {
    const model = {
      apps: new Map(apps.map((each) => [each.id, each])),
      users: new Map(users.map((each) => [each.name, each])),
    };
    return () => ({ model, changes: [{ kind: 'reset', realm }, ...changesTo(model), { kind: 'complete' }] });
  }),
);

/** Everything that a book says of everybody; of decoys only how many there are. */
function answers(book: CredentialBook): unknown {
  const usernames = [
    ...names,
    ...['alice', 'chat/alice', 'call.abcdefgh/bob', 'default/x', 'x/y'].map((rest) => `9999999999:${rest}`),
  ];
  const credentials: Credential[] = [
    ...names.map((name) => ({ kind: 'static', name }) as const),
    ...appIds.flatMap((id) =>
      [null, 'abcdefgh', 'zyxwvuts'].map((keyId) => {
        const secretId = secret(`${id} 0`).id;
        return { kind: 'rest', app: id, subject: 's', secretId, keyId, expiresAtS: 9_999_999_999 } as const;
      }),
    ),
  ];
  return {
    candidates: usernames.map((name) =>
      candidatesOf(book, name, 'sha256').map((each) => (each.decoy ? 'decoy' : each)),
    ),
    byHash: names.map((name) => book.usernameOfHash(userhash(name, realm))),
    apps: usernames.map((name) => book.appOf(name)),
    userCount: book.userCount,
    verdicts: credentials.map((credential) => [
      book.inadmissible(credential, nowMs),
      book.outlawed(credential, keys[0]![0].md5Key, 'md5', nowMs),
      book.limitsOf(credential).allocations,
      book.userExpiresAtMs(credential),
      book.longestSessionS(credential),
    ]),
  };
}

test('any sequence of changes makes the set that it would be if it were made at once', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const changed = new CredentialBook();
      const whole = new CredentialBook();
      let model = nothing;
      const changes: CredentialChange[] = [{ kind: 'reset', realm }, { kind: 'complete' }];
      for (const make of steps) {
        const made = make(model);
        model = made.model;
        changes.push(...made.changes);
      }
      for (const delta of deltas(changes)) expect(changed.apply(delta)).not.toBe('gap');
      const atOnce: CredentialChange[] = [{ kind: 'reset', realm }, ...changesTo(model), { kind: 'complete' }];
      for (const delta of deltas(atOnce)) whole.apply(delta);
      expect(answers(changed)).toEqual(answers(whole));
    }),
    { numRuns: 300 },
  );
});
