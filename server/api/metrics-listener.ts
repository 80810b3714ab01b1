import { createApiServer, type ApiServer, type ApiServerOptions } from './http-server.ts';

/** What the listener for Prometheus serves from. */
export interface MetricsApi extends Pick<ApiServerOptions, 'tls' | 'onFailure' | 'sourceOf' | 'limits'> {
  /** In the text format of Prometheus. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
}

/** Builds the listener of `http.metrics`: `GET /metrics`, without credentials, and nothing else. Not yet listening. */
export function createMetricsListener({ metrics, ...options }: MetricsApi): ApiServer {
  const server = createApiServer({ name: 'metrics listener', ...options });
  server.get('/metrics', async (_request, reply) => {
    const { contentType, text } = await metrics();
    return reply.type(contentType).send(text);
  });
  return server;
}
