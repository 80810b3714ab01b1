import Type from 'typebox';
import { failureCauses, failureGroups } from '../failure-groups.ts';
import { nullable, strict, Time, TimeSeries } from './fields.ts';

const Group = Type.Enum([...failureGroups], { description: 'What an administrator looks for.' });
const Cause = Type.Enum([...failureCauses], { description: "The relay's own word." });

/** Which failures. */
export const FailureQuery = Type.Object(
  {
    ...TimeSeries,
    groupBy: Type.Enum(['none', 'cause', 'app', 'subject', 'transport'], {
      default: 'cause',
      description: 'A point for each of these at each time; a subject is one of its app.',
    }),
    group: Type.Optional({ ...Group, description: 'Samples of this group alone.' }),
    samples: Type.Integer({ minimum: 0, maximum: 500, default: 50, description: 'At most so many samples.' }),
  },
  strict,
);

/** How many requests were refused in the time from `start` on. */
export const FailurePoint = Type.Object({
  start: Time,
  cause: nullable(Cause, 'Null where it is not grouped by cause.'),
  group: nullable(Group, 'Null where it is not grouped by cause.'),
  app: Type.String({ description: 'Empty where it is grouped by neither app nor subject, and where no app is known.' }),
  subject: Type.String({
    description: 'Empty where it is not grouped by subject, and where the credential did not verify.',
  }),
  transport: Type.String({ description: 'Empty where it is not grouped by transport.' }),
  count: Type.Integer(),
});

/** A request that was refused. */
export const FailureSample = Type.Object({
  at: Time,
  group: Group,
  cause: Cause,
  username: nullable(Type.String(), 'As the client sent it.'),
  app: nullable(Type.String(), 'The app that the credential belongs to, or says that it does.'),
  transport: Type.String(),
  client: Type.Object({ address: Type.String(), port: Type.Integer() }),
  peer: nullable(Type.String(), 'The peer that was denied.'),
  hint: nullable(Type.String(), 'What the username tells of the reason, or the line that would admit the peer.'),
});

/** Requests that were refused: how many of each cause, when, and some of the last in full. */
export const Failures = Type.Object({
  resolution: Type.Enum(['minute', 'hour', 'day']),
  from: Time,
  to: Time,
  causes: Type.Array(Type.Object({ cause: Cause, group: Group, count: Type.Integer() }), {
    description: 'In all of the time, the most frequent first.',
  }),
  points: Type.Array(FailurePoint),
  samples: Type.Array(FailureSample, {
    description:
      'The newest first. A clock that is wrong shows in the username alone, so only samples have the group clock-skew.',
  }),
});
