import { expect, test } from 'vitest';
import { foreignOrigin, type OriginFacts } from '../../../server/api/admin/own-origin.ts';

const plain: OriginFacts = {
  method: 'POST',
  host: '127.0.0.1:8081',
  origin: 'http://127.0.0.1:8081',
  fetchSite: undefined,
  isTls: false,
  hasCookie: true,
  adminUrl: null,
};
const behindProxy: Partial<OriginFacts> = { adminUrl: 'https://ops.example.org/turnpike', host: '10.0.0.5:8081' };

const rows: readonly (readonly [what: string, facts: Partial<OriginFacts>, verdict: 'own' | 'foreign'])[] = [
  ['the listener itself', {}, 'own'],
  ['through ssh -L', { host: 'localhost:9000', origin: 'http://localhost:9000' }, 'own'],
  ['over TLS, on the port of HTTPS', { host: 'ops.test', origin: 'https://ops.test', isTls: true }, 'own'],
  ['the port of HTTPS is written out', { host: 'ops.test:443', origin: 'https://ops.test', isTls: true }, 'own'],
  ['an IPv6 literal', { host: '[::1]:8081', origin: 'http://[::1]:8081' }, 'own'],
  ['a proxy that speaks HTTPS and passes the host on', { host: 'ops.test', origin: 'https://ops.test' }, 'own'],
  ['http.adminUrl, behind a proxy that does not', { ...behindProxy, origin: 'https://ops.example.org' }, 'own'],
  ['the listener although http.adminUrl is set', { ...behindProxy, origin: 'http://10.0.0.5:8081' }, 'own'],
  ['another site', { origin: 'https://evil.example' }, 'foreign'],
  ['another port', { origin: 'http://127.0.0.1:3000' }, 'foreign'],
  ['another name of the same host', { origin: 'http://localhost:8081' }, 'foreign'],
  ['a name that begins alike', { origin: 'http://127.0.0.1:8081.evil.example' }, 'foreign'],
  ['plain HTTP against HTTPS', { host: 'ops.test', origin: 'http://ops.test', isTls: true }, 'foreign'],
  [
    'plain HTTP against http.adminUrl',
    { ...behindProxy, host: 'ops.example.org', origin: 'http://ops.example.org' },
    'foreign',
  ],
  ['an opaque origin', { origin: 'null' }, 'foreign'],
  ['no URL', { origin: 'evil' }, 'foreign'],
  ['another scheme', { origin: 'chrome-extension://127.0.0.1:8081' }, 'foreign'],
  ['no host to compare with', { host: undefined }, 'foreign'],
  ['no origin with the cookie', { origin: undefined }, 'foreign'],
  ['no origin with the cookie, to read', { origin: undefined, method: 'GET' }, 'own'],
  ['no origin without the cookie: a program', { origin: undefined, hasCookie: false }, 'own'],
  ['another site without the cookie', { origin: 'https://evil.example', hasCookie: false }, 'foreign'],
  ['another site, to read', { origin: 'https://evil.example', method: 'GET' }, 'foreign'],
  ['the browser says same-origin', { fetchSite: 'same-origin' }, 'own'],
  ['the address was typed', { fetchSite: 'none', origin: undefined, method: 'GET' }, 'own'],
  ['the browser says same-site', { fetchSite: 'same-site' }, 'foreign'],
  ['the browser says cross-site', { fetchSite: 'cross-site' }, 'foreign'],
];

test.each(rows)('SECURITY.md 13, origin check: %s', (_what, facts, verdict) => {
  expect(foreignOrigin({ ...plain, ...facts }) === null ? 'own' : 'foreign').toBe(verdict);
});
