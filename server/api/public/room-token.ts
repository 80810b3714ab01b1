import { createHmac } from 'node:crypto';
import type { RoomRole } from '../../contract/public/applications.ts';

/** What a token says of who joins a room (docs/DESIGN.md section 7). */
export interface RoomClaims {
  /** The id of the app, whose signing key it is signed with. */
  readonly app: string;
  readonly subject: string;
  readonly room: string;
  readonly role: RoomRole;
  readonly issuedAtS: number;
  readonly expiresAtS: number;
  /** Of no other token. */
  readonly id: string;
}

const header = base64url({ alg: 'HS256', typ: 'JWT' });

/** Signs a token (RFC 7519, RFC 7515 appendix A.1) with the key of its app, of 32 bytes. */
export function signRoomToken(claims: RoomClaims, signingKey: Uint8Array): string {
  const { app, subject, room, role, issuedAtS, expiresAtS, id } = claims;
  const payload = base64url({
    iss: app,
    sub: subject,
    room,
    role,
    iat: issuedAtS,
    nbf: issuedAtS,
    exp: expiresAtS,
    jti: id,
  });
  const signed = `${header}.${payload}`;
  return `${signed}.${createHmac('sha256', signingKey).update(signed, 'utf8').digest('base64url')}`;
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value), 'utf8').toString('base64url');
}
