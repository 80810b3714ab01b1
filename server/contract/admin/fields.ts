import Type, { type TNull, type TSchema, type TUnion } from 'typebox';

/** A body or an answer has these keys and no others. */
export const strict = { additionalProperties: false } as const;

/** RFC 3339, UTC. */
export const Time = Type.String({ format: 'date-time', description: 'RFC 3339, UTC.' });

/** A value or null. */
export const nullable = <Schema extends TSchema>(schema: Schema, description: string): TUnion<[Schema, TNull]> =>
  Type.Union([schema, Type.Null()], { description });

/** The id of an app. */
export const AppId = Type.String({
  pattern: '^[a-z][a-z0-9-]{0,31}$',
  description: 'The id of an app: a lower-case letter, then letters, digits and hyphens, at most 32 characters.',
});

/** A name for people. */
export const DisplayName = Type.String({ minLength: 1, maxLength: 100, pattern: '^[^\\u0000-\\u001f\\u007f]+$' });

/** How many entries of a list, and after which. */
export const Page = {
  limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100, description: 'At most so many entries.' }),
  after: Type.Optional(Type.String({ maxLength: 600, description: 'The `next` of the page before.' })),
};

/** The cursor of the next page. */
export const Next = nullable(Type.String(), 'For `after` of the next page; null: this was the last.');

/** Over which time, of whom, in what steps and in which form something that was counted is told. */
export const TimeSeries = {
  from: Type.Optional(
    Type.String({
      format: 'date-time',
      description: 'A day before `to` when omitted. The step that it is in is told whole.',
    }),
  ),
  to: Type.Optional(Type.String({ format: 'date-time', description: 'Now when omitted.' })),
  resolution: Type.Enum(['auto', 'minute', 'hour', 'day'], {
    default: 'auto',
    description: 'auto takes the finest that has at most some hundred steps in the time, and is kept for so long.',
  }),
  app: Type.Optional(Type.String({ maxLength: 64, description: 'An app; empty: TURN users.' })),
  subject: Type.Optional(Type.String({ maxLength: 512, description: 'A subject, or the name of a TURN user.' })),
  transport: Type.Optional(Type.Enum(['udp', 'tcp', 'tls'])),
  format: Type.Enum(['json', 'csv'], { default: 'json', description: 'csv: the points alone, for a spreadsheet.' }),
};

/** An error (RFC 9457). */
export const Problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: 'Stable; the texts may be reworded.' }),
    detail: Type.String({ description: 'What is wrong, where, and what to do.' }),
  },
  { $id: 'Problem', description: 'RFC 9457' },
);
