import Type from 'typebox';
import { maxCredentialTtlS, minSecretCharacters } from '../limits.ts';
import { AppId, DisplayName, nullable, strict, Time } from './fields.ts';

const day = 86_400;
const Seconds = (maximum: number) => Type.Integer({ minimum: 1, maximum });
const Cidrs = Type.Array(Type.String({ maxLength: 64 }), { maxItems: 100 });

const fields = {
  name: DisplayName,
  enabled: Type.Boolean({ description: 'A disabled app issues nothing, and its sessions have ended.' }),
  defaultTtlSeconds: Seconds(maxCredentialTtlS),
  longestTtlSeconds: Seconds(maxCredentialTtlS),
  longestSessionSeconds: nullable(
    Type.Integer({ minimum: 60, maximum: 365 * day }),
    'Null: as long as it is refreshed.',
  ),
  allocationsPerSubject: nullable(
    Type.Integer({ minimum: 0, maximum: 1_000_000 }),
    '0 is no limit; null: turn.limits.allocationsPerUser.',
  ),
  bitsPerSecondPerSubject: nullable(
    Type.Integer({ minimum: 0, maximum: 1_000_000_000_000 }),
    '0 is no limit; null: turn.limits.bitsPerSecondPerUser.',
  ),
  bytesPerMonth: nullable(
    Type.Integer({ minimum: 1, maximum: 9_007_199_254_740_991 }),
    'What all its subjects together may relay in a calendar month (UTC), both directions; null: no limit.',
  ),
  peersAllow: Cidrs,
  peersDeny: Cidrs,
  rotateEveryDays: nullable(Type.Integer({ minimum: 1, maximum: 365 }), 'Null: its secrets are rotated by hand.'),
};

/** What is given to make an app. What is omitted has its default. */
export const NewApp = Type.Object({ id: AppId, ...Type.Partial(Type.Object(fields)).properties }, strict);

/** What is given to change an app. What is omitted stays. */
export const AppChange = Type.Partial(Type.Object(fields), strict);

/** An app. */
export const App = Type.Object({
  id: AppId,
  ...fields,
  createdAt: Time,
  updatedAt: Time,
  version: Type.Integer({ description: 'For If-Match.' }),
  liveSessions: Type.Integer(),
  bytesThisMonth: Type.Integer(),
});

/** A secret of an app, without its value. */
export const Secret = Type.Object({
  id: Type.String({ description: 'Follows from the value.' }),
  state: Type.Enum(['active', 'retiring', 'retired', 'revoked'], {
    description:
      'active: issued and accepted. retiring: accepted until a time. retired: that time is over, and the sessions that began with it ' +
      'go on. revoked: its sessions have ended.',
  }),
  origin: Type.String({
    description: '`stored`, or where the configuration names it: such a secret is changed there.',
  }),
  acceptedUntil: nullable(Time, 'Until when new sessions may begin with it.'),
  createdAt: nullable(Time, 'Null for a configured secret.'),
  retiredAt: nullable(Time, ''),
  revokedAt: nullable(Time, ''),
  lastUsedAt: nullable(Time, 'When a session last began with it.'),
  liveSessions: Type.Integer(),
  issues: Type.Boolean({ description: 'Whether new credentials are made with it.' }),
});

/** Every app. */
export const AppList = Type.Object({ apps: Type.Array(App) });

/** An app with its secrets. */
export const AppDetail = Type.Object({ ...App.properties, secrets: Type.Array(Secret) });

/** An app's secrets. */
export const SecretList = Type.Object({ secrets: Type.Array(Secret) });

/** What is given to make a secret. */
export const NewSecret = Type.Object(
  {
    value: Type.Optional(
      Type.String({
        maxLength: 512,
        description: `A secret that a back end shares already, of at least ${minSecretCharacters} characters; one of 256 bits is made when omitted.`,
      }),
    ),
  },
  strict,
);

/** A secret that was made. Its value is shown this once. */
export const CreatedSecret = Type.Object({ secret: Secret, value: Type.String() });

/** What is given to rotate. */
export const Rotation = Type.Object(
  {
    overlapSeconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 365 * day,
        description:
          "How long the secrets before it are still accepted: at least the app's longest TTL, which is the default.",
      }),
    ),
  },
  strict,
);

/** What a rotation did. */
export const Rotated = Type.Object({ secret: Secret, value: Type.String(), retiring: Type.Array(Secret) });

/** What is given to retire a secret. */
export const Retirement = Type.Object({ acceptedUntil: Time }, strict);

/** What a revocation did. */
export const Revoked = Type.Object({
  sessionsEnding: Type.Integer({ description: 'Live sessions that end within two seconds.' }),
});

/** An API key, without its text. */
export const ApiKey = Type.Object({
  id: Type.String(),
  name: Type.String(),
  requestsPerSecond: Type.Integer(),
  expiresAt: nullable(Time, ''),
  createdAt: Time,
  revokedAt: nullable(Time, ''),
  lastUsedAt: nullable(Time, ''),
  liveSessions: Type.Integer(),
});

/** An app's API keys. */
export const ApiKeyList = Type.Object({ keys: Type.Array(ApiKey) });

/** What is given to make an API key. */
export const NewApiKey = Type.Object(
  {
    name: DisplayName,
    requestsPerSecond: Type.Integer({ minimum: 1, maximum: 100_000, default: 100 }),
    expiresAt: Type.Optional(nullable(Time, '')),
  },
  strict,
);

/** An API key that was made. Its text is shown this once. */
export const CreatedApiKey = Type.Object({ key: ApiKey, text: Type.String() });

/** Names an app in a path. */
export const AppParams = Type.Object({ app: Type.String({ maxLength: 64 }) });

/** Names a secret in a path. */
export const SecretParams = Type.Object({
  app: Type.String({ maxLength: 64 }),
  secret: Type.String({ maxLength: 64 }),
});

/** Names an API key in a path. */
export const ApiKeyParams = Type.Object({ app: Type.String({ maxLength: 64 }), key: Type.String({ maxLength: 64 }) });
