import Type from 'typebox';
import { Next, nullable, Page, strict, Time } from './fields.ts';

const Name = Type.String({ minLength: 1, maxLength: 508, description: 'The USERNAME that the client sends.' });
const Password = Type.String({
  minLength: 1,
  maxLength: 508,
  description: 'Only keys that are derived from it are kept.',
});

const limits = {
  expiresAt: nullable(Time, 'When the user is none any more, and its sessions end; null: never.'),
  allocations: nullable(Type.Integer({ minimum: 1, maximum: 1_000_000 }), 'At a time; null: no limit.'),
  bitsPerSecond: nullable(
    Type.Integer({ minimum: 16_000, maximum: 1_000_000_000_000 }),
    'Of all allocations of the user together; null: no limit.',
  ),
  bytesPerMonth: nullable(
    Type.Integer({ minimum: 1, maximum: 9_007_199_254_740_991 }),
    'In a calendar month (UTC), both directions; null: no limit.',
  ),
};

/** A user with a fixed password. */
export const TurnUser = Type.Object({
  name: Name,
  realm: Type.String({ description: 'The realm that its keys are good for.' }),
  ...limits,
  createdAt: Time,
  updatedAt: Time,
  version: Type.Integer({ description: 'For If-Match.' }),
  liveSessions: Type.Integer(),
  bytesThisMonth: Type.Integer(),
});

/** Users by name. */
export const TurnUserList = Type.Object({ users: Type.Array(TurnUser), next: Next });

/** Which users. */
export const TurnUserQuery = Type.Object(Page, strict);

/** What is given to make a user. */
export const NewTurnUser = Type.Object(
  { name: Name, password: Password, ...Type.Partial(Type.Object(limits)).properties },
  strict,
);

/** What is given to change a user. What is omitted stays. */
export const TurnUserChange = Type.Partial(Type.Object({ password: Password, ...limits }), strict);

/** Names a user in a path. */
export const TurnUserParams = Type.Object({ name: Type.String({ maxLength: 1600 }) });
