import Type from 'typebox';
import { nullable, strict, Time } from './fields.ts';

const Target = Type.Union([
  Type.Object(
    {
      kind: Type.Literal('address'),
      range: Type.String({
        maxLength: 64,
        description: 'An address or a range. Of IPv6 no less than a /64 is banned, which is what one customer has.',
      }),
    },
    strict,
  ),
  Type.Object(
    {
      kind: Type.Literal('subject'),
      app: Type.String({ maxLength: 64 }),
      subject: Type.String({ minLength: 1, maxLength: 508 }),
    },
    strict,
  ),
  Type.Object({ kind: Type.Literal('user'), name: Type.String({ minLength: 1, maxLength: 508 }) }, strict),
]);

/** Who is shut out: live sessions have ended, and new ones are refused. */
export const Ban = Type.Object({
  id: Type.String(),
  target: Target,
  reason: Type.String(),
  expiresAt: nullable(Time, 'Null: until it is lifted.'),
  createdAt: Time,
  createdBy: Type.String(),
});

/** Every ban, the newest first. */
export const BanList = Type.Object({ bans: Type.Array(Ban) });

/** What is given to ban. */
export const NewBan = Type.Object(
  {
    target: Target,
    reason: Type.String({ minLength: 1, maxLength: 500, pattern: '^[^\\u0000-\\u001f\\u007f]+$' }),
    expiresAt: Type.Optional(nullable(Time, 'Null, or omitted: until it is lifted.')),
    force: Type.Optional(
      Type.Boolean({ description: 'Needed for a range so wide that it may shut out everybody, or whoever asks.' }),
    ),
  },
  strict,
);

/** A ban that was made. */
export const CreatedBan = Type.Object({
  ban: Ban,
  sessionsEnding: Type.Integer({ description: 'Live sessions that end within two seconds.' }),
  isWidened: Type.Boolean({ description: 'More is banned than was named: the /64 of an IPv6 address.' }),
});

/** Names a ban in a path. */
export const BanParams = Type.Object({ id: Type.String({ maxLength: 64 }) });
