import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

const contentTypes = { html: 'text/html; charset=utf-8', js: 'text/javascript; charset=utf-8' };

/** Serves these pages by name on a loopback port until the test ends. Loopback is a secure context, so cameras work. */
export async function servePages(pages: ReadonlyMap<string, string>): Promise<string> {
  const server = createServer((request, response) => {
    const name = (request.url ?? '/').slice(1);
    const page = pages.get(name);
    if (page === undefined) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': name.endsWith('.js') ? contentTypes.js : contentTypes.html }).end(page);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
