import { formatIp } from '../stun/ip-text.ts';
import type { ListenAddress } from '../config/resolved-config.ts';
import { createPublicListener, type PublicApi } from '../api/public-listener.ts';
import { urlHost } from './ice-urls.ts';
import { bindError, isMissingAddress, systemErrorCode } from './errors.ts';

/** A listening HTTP server. */
export interface HttpListener {
  readonly port: number;
  /** E.g. `http://127.0.0.1:8080`; a wildcard is shown as `*`. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Opens the public HTTP listener.
 * @throws EnvironmentError when the port cannot be bound
 */
export async function openPublicListener(bind: ListenAddress, api: PublicApi): Promise<HttpListener> {
  const shownHost = bind.host === '*' ? '*' : urlHost(bind.host);
  const wildcardHosts = ['::', '0.0.0.0'];
  const hosts = bind.host === '*' ? wildcardHosts : [formatIp(bind.host)];
  let failure: unknown;
  for (const host of hosts) {
    const server = createPublicListener(api);
    try {
      await server.listen({ host, port: bind.port });
      // From here on an error is a connection that could not be taken over.
      server.server.on('error', api.onFailure);
      const bound = server.server.address();
      const port = typeof bound === 'object' && bound !== null ? bound.port : bind.port;
      return { port, url: `http://${shownHost}:${port}`, close: () => server.close() };
    } catch (error) {
      await server.close();
      failure = error;
      // A host without IPv6 is served over IPv4 alone.
      if (!isMissingAddress(systemErrorCode(error))) break;
    }
  }
  throw bindError(failure, 'http.public', `http://${shownHost}:${bind.port}`);
}
