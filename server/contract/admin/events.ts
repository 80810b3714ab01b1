import Type from 'typebox';
import { strict } from './fields.ts';

/** Where a stream of events begins. */
export const EventsQuery = Type.Object(
  {
    after: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'The last event that was seen, for those who cannot send Last-Event-ID.',
      }),
    ),
  },
  strict,
);

/** Events as text/event-stream: `id`, `event` and `data`, a JSON document. */
export const EventStream = Type.String({
  description: 'Server-sent events; a comment every 15 seconds keeps it open.',
});
