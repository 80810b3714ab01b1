import assert from 'node:assert/strict';
import { formatIp } from '../stun/ip-text.ts';
import { sourceKey } from '../stun/transport-address.ts';
import type { ListenAddress } from '../config/resolved-config.ts';
import type { ConfigKey } from '../contract/config.ts';
import { httpsContext, type ApiServer, type GateOptions } from '../api/http-server.ts';
import { socketAddress } from '../transport/socket-address.ts';
import type { TlsMaterial } from '../transport/tls-material.ts';
import { urlHost } from './ice-urls.ts';
import { bindError, isMissingAddress, systemErrorCode } from './errors.ts';

/** A listening HTTP server. */
export interface HttpListener {
  readonly port: number;
  /** E.g. `http://127.0.0.1:8080`; a wildcard is shown as `*`. */
  readonly url: string;
  /** Serves new connections with another certificate. Only where it was opened with one. */
  setCertificate(tls: TlsMaterial): void;
  close(): Promise<void>;
}

/** What is to listen, and where. */
export interface HttpListening {
  /** The key that asks for it, for messages. */
  readonly key: ConfigKey & `http.${string}`;
  readonly bind: ListenAddress;
  /** What `build` speaks HTTPS with; null: plain HTTP. */
  readonly tls: TlsMaterial | null;
  /** Builds the server, not yet listening. Once more where the first cannot be bound. */
  readonly build: (gate: GateOptions) => ApiServer;
  /** Told of connections that could not be taken over. */
  readonly onFailure: (error: Error) => void;
}

/**
 * Whoever uses the remote address of a socket (`sourceKey`). A socket of both families shows IPv4 addresses in IPv6
 * ones, of which all would be one source; one of a link-local address names its interface as well.
 */
export function sourceOfSocket(address: string): string {
  const remote = socketAddress(address.replace(/^::ffff:(?=.*[.])/i, ''), 0);
  return remote === null ? '' : sourceKey(remote.ip);
}

/**
 * Opens an HTTP listener. `*` is one socket of both families.
 * @throws EnvironmentError when the port cannot be bound
 */
export async function openHttpListener({ key, bind, tls, build, onFailure }: HttpListening): Promise<HttpListener> {
  const shownHost = bind.host === '*' ? '*' : urlHost(bind.host);
  const scheme = tls === null ? 'http' : 'https';
  const wildcardHosts = ['::', '0.0.0.0'];
  const hosts = bind.host === '*' ? wildcardHosts : [formatIp(bind.host)];
  let failure: unknown;
  for (const host of hosts) {
    const server = build({ sourceOf: sourceOfSocket });
    try {
      await server.listen({ host, port: bind.port });
      // From here on an error is a connection that could not be taken over.
      server.server.on('error', onFailure);
      const bound = server.server.address();
      const port = typeof bound === 'object' && bound !== null ? bound.port : bind.port;
      return {
        port,
        url: `${scheme}://${shownHost}:${port}`,
        setCertificate: (renewed) => {
          assert.ok('setSecureContext' in server.server, 'the listener was opened with a certificate');
          server.server.setSecureContext(httpsContext(renewed));
        },
        close: () => server.close(),
      };
    } catch (error) {
      await server.close();
      failure = error;
      // A host without IPv6 is served over IPv4 alone.
      if (!isMissingAddress(systemErrorCode(error))) break;
    }
  }
  throw bindError(failure, key, `${scheme}://${shownHost}:${bind.port}`);
}
