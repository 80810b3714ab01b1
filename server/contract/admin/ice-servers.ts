import Type from 'typebox';
import { Time } from './fields.ts';

/** A credential: what an `RTCPeerConnection` takes, and until when. */
export const IceServers = Type.Object({
  iceServers: Type.Array(
    Type.Object({
      urls: Type.Array(Type.String()),
      username: Type.Optional(Type.String()),
      credential: Type.Optional(Type.String()),
    }),
  ),
  ttlSeconds: Type.Integer(),
  expiresAt: Time,
});
