import Type from 'typebox';
import { nullable, strict, Time } from './fields.ts';

const filters = {
  from: Type.Optional(Time),
  to: Type.Optional(Time),
  actor: Type.Optional(Type.String({ maxLength: 100, description: 'The name of an account or token; local; system.' })),
  action: Type.Optional(Type.String({ maxLength: 100, description: 'E.g. secret.revoke, or all of a kind: secret.' })),
  target: Type.Optional(Type.String({ maxLength: 600, description: 'A target and all below it: app/chat.' })),
};

/** Which lines of the log are asked for. */
export const AuditQuery = Type.Object(
  {
    ...filters,
    limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100, description: 'At most so many lines.' }),
    after: Type.Optional(
      Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'The `next` of the page before.' }),
    ),
  },
  strict,
);

/** Which lines of the log are exported, and how. */
export const AuditExportQuery = Type.Object(
  {
    ...filters,
    format: Type.Enum(['ndjson', 'csv'], {
      default: 'ndjson',
      description: 'One line of the log a line, the newest first.',
    }),
  },
  strict,
);

/** A change that somebody made. */
export const AuditLine = Type.Object({
  id: Type.Integer(),
  at: Time,
  actor: Type.Object({
    kind: Type.Enum(['account', 'token', 'local', 'system'], {
      description: 'local: a command on the host; system: a schedule.',
    }),
    id: Type.String(),
    name: Type.String(),
  }),
  address: nullable(Type.String(), 'Where it was asked for.'),
  action: Type.String(),
  target: Type.String(),
  before: Type.Unknown({ description: 'What is changed, as it was; null: it was not there.' }),
  after: Type.Unknown({ description: 'As it is since; null: it is not there.' }),
});

/** Lines of the log, the newest first. */
export const AuditPage = Type.Object({
  lines: Type.Array(AuditLine),
  next: nullable(Type.Integer(), 'For `after` of the next page; null: this was the last.'),
});
