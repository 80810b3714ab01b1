import Type from 'typebox';
import { DisplayName, nullable, strict, Time } from './fields.ts';
import { maxTokenDays } from './identity-limits.ts';

/** What a token may do: what a viewer, an operator or an owner may, or read metrics alone. */
const ScopeName = Type.Enum(['read', 'operate', 'own', 'metrics']);

/** A token for programs, without its text. */
export const Token = Type.Object({
  id: Type.String(),
  name: Type.String(),
  scope: ScopeName,
  accountId: nullable(Type.String(), 'Who made it, and goes with it; null: it was made on the command line.'),
  expiresAt: Time,
  createdAt: Time,
  lastUsedAt: nullable(Time, 'Null: never.'),
});

/** Every token. */
export const TokenList = Type.Object({ tokens: Type.Array(Token) });

/** Names a token in a path. */
export const TokenParams = Type.Object({ id: Type.String({ maxLength: 64 }) });

/** What is given to make a token. */
export const NewToken = Type.Object(
  {
    name: DisplayName,
    scope: ScopeName,
    expiresInDays: Type.Integer({ minimum: 1, maximum: maxTokenDays, default: 90 }),
  },
  strict,
);

/** A token that was made. Its text is shown this once. */
export const CreatedToken = Type.Object({ token: Token, text: Type.String() });
