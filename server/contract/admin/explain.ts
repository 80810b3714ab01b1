import Type from 'typebox';
import { nullable, strict, Time } from './fields.ts';

/** A username, and its password if it is to be checked. */
export const Explain = Type.Object(
  {
    username: Type.String({ minLength: 1, maxLength: 763 }),
    password: Type.Optional(Type.String({ minLength: 1, maxLength: 512, description: 'Takes the role operator.' })),
  },
  strict,
);

/** What a username says, and what would become of it. */
export const Explained = Type.Object({
  kind: Type.Enum(['turn-user', 'time-limited', 'unknown']),
  app: nullable(Type.String(), 'The app that it belongs to.'),
  key: nullable(Type.String(), 'The API key that issued it.'),
  subject: nullable(Type.String(), 'Whom quotas, bans and usage count it for; or the TURN user.'),
  expiresAt: nullable(Time, 'Null: never, or it is no time that can be written.'),
  isExpired: Type.Boolean(),
  secret: nullable(Type.String(), 'The secret that makes the password; null: none does, or no password was given.'),
  passwordMatches: nullable(Type.Boolean(), 'Null: no password was given.'),
  accepted: Type.Boolean({
    description: 'Whether a new session would begin with it. A password that is not given is taken to be right.',
  }),
  findings: Type.Array(Type.String(), { description: 'What is to be known of it, a sentence each.' }),
});
