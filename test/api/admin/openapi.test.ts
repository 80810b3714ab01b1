import { expect, test } from 'vitest';
import { adminRoutes, adminWorld } from './admin-world.ts';

interface Document {
  readonly openapi: string;
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>>;
}

test('GET /openapi.json describes every route in OpenAPI 3.1, each by a name of its own', async () => {
  const world = await adminWorld();
  const document = (await world.call('viewer', { url: '/openapi.json' })).json<Document>();
  expect(document.openapi).toBe('3.1.0');
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const routes = (await adminRoutes()).map(
    ({ method, url }) => `${String(method)} ${url.replaceAll(/:(\w+)/g, '{$1}')}`,
  );
  expect(described.toSorted()).toEqual(routes.toSorted());
  const names = Object.values(document.paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId),
  );
  expect(new Set(names).size).toBe(routes.length);
});

test('the API works below any path prefix: its description names no place', async () => {
  const world = await adminWorld();
  const document = (await world.call('viewer', { url: '/openapi.json' })).json<Document>();
  expect(document.servers).toEqual([{ url: '../..' }]);
});
