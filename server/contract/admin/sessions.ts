import Type from 'typebox';
import { Next, nullable, Page, strict, Time } from './fields.ts';

const SocketEnd = Type.Object({ address: Type.String(), port: Type.Integer() });

/** A live allocation. Bytes are payload bytes; up is from the client to its peers. */
export const Session = Type.Object({
  id: Type.String(),
  username: Type.String(),
  app: nullable(Type.String(), 'Null for a TURN user.'),
  subject: nullable(Type.String(), 'Whom the app issued the credential for; null for a TURN user.'),
  user: nullable(Type.String(), 'The TURN user; null for a time-limited credential.'),
  secret: nullable(Type.String(), 'The secret that made the credential.'),
  key: nullable(Type.String(), 'The API key that issued it; null: none did.'),
  label: nullable(Type.String(), 'What the app called it.'),
  transport: Type.Enum(['udp', 'tcp', 'tls']),
  client: SocketEnd,
  relayed: Type.Array(SocketEnd),
  startedAt: Time,
  bytesUp: Type.Integer(),
  bytesDown: Type.Integer(),
  packetsUp: Type.Integer(),
  packetsDown: Type.Integer(),
  drops: Type.Integer(),
});

/** What sessions are looked for by. What is omitted does not matter. */
const filters = {
  app: Type.Optional(Type.String({ maxLength: 64 })),
  subject: Type.Optional(Type.String({ maxLength: 512 })),
  user: Type.Optional(Type.String({ maxLength: 512 })),
  secret: Type.Optional(Type.String({ maxLength: 64 })),
  key: Type.Optional(Type.String({ maxLength: 64 })),
  transport: Type.Optional(Type.Enum(['udp', 'tcp', 'tls'])),
  address: Type.Optional(
    Type.String({ maxLength: 64, description: "The client's address, or a range: 192.0.2.1, 192.0.2.0/24." }),
  ),
};

/** Which sessions. */
export const SessionQuery = Type.Object({ ...filters, ...Page }, strict);

/** Sessions, the oldest first. */
export const SessionList = Type.Object({ sessions: Type.Array(Session), next: Next, total: Type.Integer() });

/** Names a session in a path. */
export const SessionParams = Type.Object({ id: Type.String({ maxLength: 64 }) });

/** Which sessions are to end: at least one key. */
export const SessionsToEnd = Type.Object(filters, { ...strict, minProperties: 1 });

/** What became of it. */
export const SessionsEnded = Type.Object({
  ended: Type.Integer(),
  remaining: Type.Integer({
    description: 'That fit as well and are live still: more than are ended at once. Ask again.',
  }),
});
