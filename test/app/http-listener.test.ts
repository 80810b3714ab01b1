import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createMetricsListener } from '../../server/api/metrics-listener.ts';
import { openHttpListener, type HttpListener, type HttpListening } from '../../server/app/http-listener.ts';
import { ip } from '../support/addresses.ts';

const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
);

/** The listener for Prometheus, closed when the test ends. */
async function opened(differing: Partial<HttpListening> = {}): Promise<HttpListener> {
  const onFailure = (): void => undefined;
  const metrics = () => Promise.resolve({ contentType: 'text/plain; version=0.0.4', text: 'turnpike_up 1\n' });
  const listener = await openHttpListener({
    key: 'http.metrics',
    bind: { host: ip('127.0.0.1'), port: 0 },
    tls: null,
    build: (gate) => createMetricsListener({ tls: null, metrics, onFailure, ...gate }),
    onFailure,
    ...differing,
  });
  onTestFinished(() => listener.close());
  return listener;
}

const answerOf = async (url: string): Promise<[number, string]> => {
  const reply = await fetch(url);
  return [reply.status, await reply.text()];
};

describe('an HTTP listener', () => {
  test('tells the port that it was given', async () => {
    const { port, url } = await opened();
    expect(url).toBe(`http://127.0.0.1:${port}`);
    expect(await answerOf(`${url}/metrics`)).toEqual([200, 'turnpike_up 1\n']);
  });

  test.runIf(hasIpv6)('* is both families', async () => {
    const { port, url } = await opened({ bind: { host: '*', port: 0 } });
    expect(url).toBe(`http://*:${port}`);
    for (const host of ['127.0.0.1', '[::1]']) {
      expect((await answerOf(`http://${host}:${port}/metrics`))[0]).toBe(200);
    }
  });

  test.each(['http.public', 'http.admin', 'http.metrics'] as const)(
    'one that cannot be opened names %s, and what to do',
    async (key) => {
      const rival = createServer().listen(0, '127.0.0.1');
      onTestFinished(() => void rival.close());
      await once(rival, 'listening');
      const { port } = rival.address() as AddressInfo;
      await expect(opened({ key, bind: { host: ip('127.0.0.1'), port } })).rejects.toMatchObject({
        code: 'port_taken',
        message: `${key}: http://127.0.0.1:${port} is taken by another program. Stop it (find it with "ss -lunpt"), or set ${key} to another port.`,
      });
    },
  );

  test('an address of another host is refused', async () => {
    const opening = opened({ bind: { host: ip('192.0.2.7'), port: 0 } });
    await expect(opening).rejects.toMatchObject({ code: 'address_unavailable' });
  });
});

describe('the metrics listener', () => {
  test.each(['/', '/admin/v1/apps', '/admin/v1/system', '/livez', '/v1/ice-servers'])('has no %s', async (path) => {
    const { url } = await opened();
    const [status, text] = await answerOf(`${url}${path}`);
    expect([status, JSON.parse(text)]).toEqual([404, expect.objectContaining({ code: 'not_found' })]);
  });
});
