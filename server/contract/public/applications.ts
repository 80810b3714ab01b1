import Type from 'typebox';
import {
  maxCredentialTtlS,
  maxLabelCharacters,
  maxRoomCharacters,
  maxRoomTokenTtlS,
  maxSubjectBytes,
} from '../limits.ts';

const strict = { additionalProperties: false } as const;
const Time = Type.String({ format: 'date-time', description: 'RFC 3339, UTC.' });
const noControls = '^[^\\u0000-\\u001f\\u007f-\\u009f]*$';

/** What `POST /v1/ice-servers` takes. */
export const IceServersRequest = Type.Object(
  {
    subject: Type.Optional(
      Type.String({
        maxLength: maxSubjectBytes,
        pattern: noControls,
        description:
          'Whom the credential is for; quotas, bans and usage count by it. Any text of the application: better an id than a name. ' +
          `At most ${maxSubjectBytes} bytes of UTF-8. When omitted the credential counts for itself alone.`,
      }),
    ),
    ttlSeconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: maxCredentialTtlS,
        description: 'Until when a session may begin with it. When omitted, what the app is set to.',
      }),
    ),
    label: Type.Optional(
      Type.String({
        maxLength: maxLabelCharacters,
        pattern: noControls,
        description: 'What an administrator sees beside the sessions of this credential.',
      }),
    ),
  },
  strict,
);

/** What somebody may do in a room (docs/DESIGN.md section 7). */
export const RoomRole = Type.Enum(['guest', 'user', 'moderator']);

/** What `POST /v1/room-tokens` takes. */
export const RoomTokenRequest = Type.Object(
  {
    room: Type.String({ minLength: 1, maxLength: maxRoomCharacters, pattern: noControls, description: 'The room.' }),
    subject: Type.String({
      minLength: 1,
      maxLength: maxSubjectBytes,
      pattern: noControls,
      description: 'Who joins. Not beginning with s_, as the ids of sessions do.',
    }),
    role: Type.Optional({ ...RoomRole, description: 'user when omitted.' }),
    ttlSeconds: Type.Optional(
      Type.Integer({ minimum: 1, maximum: maxRoomTokenTtlS, description: 'Until when it may be used to join.' }),
    ),
  },
  strict,
);

/** What `POST /v1/room-tokens` answers. */
export const RoomToken = Type.Object({
  token: Type.String({ description: 'A JWT (RFC 7519).' }),
  url: Type.String({ description: 'The WebSocket to join through.' }),
  expiresAt: Time,
});

/** As its schema says. */
export type IceServersRequest = Type.Static<typeof IceServersRequest>;
/** As its schema says. */
export type RoomTokenRequest = Type.Static<typeof RoomTokenRequest>;
/** As its schema says. */
export type RoomRole = Type.Static<typeof RoomRole>;
/** As its schema says. */
export type RoomToken = Type.Static<typeof RoomToken>;
