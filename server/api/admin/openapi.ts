import { readFile } from 'node:fs/promises';
import Type from 'typebox';
import type { AdminRoutes } from './routes.ts';

/** Made by `npm run generate`; a test fails while it is stale. */
const document = new URL('../../contract/admin/openapi.json', import.meta.url);

/** The description of this API (OpenAPI 3.1). */
export async function openApiRoutes(api: AdminRoutes): Promise<void> {
  let text: Promise<string> | null = null;
  api.get(
    '/openapi.json',
    {
      config: { access: 'viewer' },
      schema: {
        summary: 'Describe this API (OpenAPI 3.1)',
        response: {
          200: { description: 'An OpenAPI document.', content: { 'application/json': { schema: Type.Unknown() } } },
        },
      },
    },
    async (_request, reply) => {
      text ??= readFile(document, 'utf8');
      return reply.type('application/json').send(await text);
    },
  );
}
