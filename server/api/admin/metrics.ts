import Type from 'typebox';
import type { AdminPorts } from './ports.ts';
import type { AdminRoutes } from './routes.ts';

/** Metrics for Prometheus, beside the API: for tokens of the scope `metrics`, and whoever may look at anything. */
export async function metricsRoutes(api: AdminRoutes, ports: AdminPorts): Promise<void> {
  api.get(
    '/metrics',
    {
      config: { access: 'metrics' },
      schema: {
        summary: 'Metrics for Prometheus',
        response: { 200: { description: 'Text.', content: { 'text/plain': { schema: Type.String() } } } },
      },
    },
    async (_request, reply) => {
      const { contentType, text } = await ports.metrics();
      return reply.type(contentType).send(text);
    },
  );
}
