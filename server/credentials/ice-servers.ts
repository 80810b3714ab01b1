import { issuedUsername, restPassword, type NamedApp } from './rest-username.ts';

/** The URLs that clients are to use (RFC 7064, RFC 7065). */
export interface IceUrls {
  readonly stun: readonly string[];
  readonly turn: readonly string[];
}

/** One element of the browser's `RTCConfiguration.iceServers`. */
export interface IceServer {
  readonly urls: readonly string[];
  readonly username?: string;
  readonly credential?: string;
}

/** What an application hands to its clients (DESIGN.md section 7). */
export interface IceServersDocument {
  readonly iceServers: readonly IceServer[];
  readonly ttlSeconds: number;
  /** RFC 3339, UTC, whole seconds. */
  readonly expiresAt: string;
}

/**
 * Issues a time-limited credential of an app and the document that carries it. An entry without URLs is left out. With an empty
 * subject the expiry stands for it (`issuedUsername`).
 */
export function iceServers(
  request: NamedApp & {
    readonly urls: IceUrls;
    /** One of the app's. */
    readonly secret: Uint8Array;
    readonly ttlS: number;
    readonly nowS: number;
  },
): IceServersDocument {
  const { app, keyId, subject } = request;
  const expiresAtS = Math.floor(request.nowS) + request.ttlS;
  const username = issuedUsername({ expiresAtS, app, keyId, subject });
  const servers: IceServer[] = [];
  if (request.urls.stun.length > 0) servers.push({ urls: request.urls.stun });
  if (request.urls.turn.length > 0) {
    servers.push({ urls: request.urls.turn, username, credential: restPassword(request.secret, username) });
  }
  return { iceServers: servers, ttlSeconds: request.ttlS, expiresAt: rfc3339(expiresAtS) };
}

function rfc3339(unixS: number): string {
  return new Date(unixS * 1000).toISOString().replace('.000Z', 'Z');
}
