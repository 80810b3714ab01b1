import Type from 'typebox';
import { nullable, strict, Time } from './fields.ts';
import { maxPasswordCharacters } from './identity-limits.ts';

/** What an account may do: a viewer looks, an operator changes all but accounts and tokens, an owner everything. */
const RoleName = Type.Enum(['owner', 'operator', 'viewer']);

/** The name of an account. */
export const Username = Type.String({
  minLength: 1,
  maxLength: 64,
  pattern: '^[A-Za-z0-9][A-Za-z0-9._@+-]*$',
  description: 'A letter or digit, then letters, digits and ._@+-; capitals make no difference.',
});

/** A password as it is typed. Rules for new ones are checked apart: see `password_refused`. */
export const Password = Type.String({
  maxLength: 4 * maxPasswordCharacters,
  'x-secret': true,
  description: 'At least 12 characters, at most 512, and not the username.',
});

/** An account of the console. */
export const Account = Type.Object({
  id: Type.String(),
  username: Type.String(),
  role: RoleName,
  totp: Type.Boolean({ description: 'Whether signing in takes a time-based code as well.' }),
  createdAt: Time,
  lastSignInAt: nullable(Time, 'Null: never.'),
  version: Type.Integer(),
});

/** Every account. */
export const AccountList = Type.Object({ accounts: Type.Array(Account) });

/** Names an account in a path. */
export const AccountParams = Type.Object({ id: Type.String({ maxLength: 64 }) });

/** What is given to make an account. */
export const NewAccount = Type.Object({ username: Username, role: RoleName, password: Password }, strict);

/** What is given to change an account. */
export const AccountChange = Type.Object({ role: RoleName }, strict);

/** What is given to reset a password. */
export const PasswordReset = Type.Object(
  { password: Type.Optional(Type.Union([Password], { description: 'One is made when omitted.' })) },
  strict,
);

/** What a reset did. Every sign-in of the account has ended. */
export const PasswordWasReset = Type.Object({
  password: nullable(Type.String(), 'The one that was made, shown this once; null: the one that was given.'),
});

/** What unlocking did. */
export const Unlocked = Type.Object({
  sources: Type.Integer({ description: 'Addresses that had to wait before they could try again.' }),
});
