import type { IncomingMessage } from 'node:http';

/** What Sec-Fetch-Site says of a request that no other site had a hand in; `none`: the person typed the address. */
const ownFetchSites = ['same-origin', 'none'];
const safeMethods = ['GET', 'HEAD', 'OPTIONS'];

/** A request as far as its origin is concerned. */
export interface OriginFacts {
  readonly method: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly fetchSite: string | undefined;
  /** Whether the socket speaks TLS. */
  readonly isTls: boolean;
  /** Whether it is the cookie that says who asks. */
  readonly hasCookie: boolean;
  /** `http.adminUrl`; null: the listener is called directly. */
  readonly adminUrl: string | null;
}

/**
 * Why a request is taken for another site's, as a sentence; null: it is not (SECURITY.md 13). SameSite=Strict alone does not do: pages on
 * other ports of the same host, and on sibling domains, are of the same site. A request with the cookie that changes something has to
 * say where it comes from; programs, which have no cookie, need not.
 */
export function foreignOrigin(facts: OriginFacts): string | null {
  const { method, origin, fetchSite, hasCookie } = facts;
  if (fetchSite !== undefined && !ownFetchSites.includes(fetchSite)) {
    return `Sec-Fetch-Site is ${JSON.stringify(fetchSite)}: another site sent the request.`;
  }
  if (origin === undefined) {
    if (!hasCookie || safeMethods.includes(method)) return null;
    return 'The request has the cookie of a sign-in and no Origin header. Programs use a token (Authorization: Bearer) instead.';
  }
  if (isOwn(origin, facts)) return null;
  return `Origin is ${JSON.stringify(origin)}, which is not where this console is. Set http.adminUrl when a proxy stands before it.`;
}

/** What of a request `foreignOrigin` looks at. */
export function originFacts(
  { method, headers, socket }: Pick<IncomingMessage, 'method' | 'headers' | 'socket'>,
  rest: Pick<OriginFacts, 'hasCookie' | 'adminUrl'>,
): OriginFacts {
  const fetchSite = headers['sec-fetch-site'];
  return {
    method: method ?? '',
    host: headers.host,
    origin: headers.origin,
    fetchSite: Array.isArray(fetchSite) ? fetchSite.join() : fetchSite,
    isTls: 'encrypted' in socket && socket.encrypted === true,
    ...rest,
  };
}

function isOwn(text: string, { host, isTls, adminUrl }: OriginFacts): boolean {
  const origin = URL.canParse(text) ? new URL(text) : null;
  if (origin === null || !['http:', 'https:'].includes(origin.protocol)) return false;
  const admin = adminUrl === null ? null : new URL(adminUrl);
  // Under the name of the console its own scheme alone: over plain HTTP anybody on the way could have written the page.
  if (admin?.host === origin.host) return admin.protocol === origin.protocol;
  if (isTls && origin.protocol !== 'https:') return false;
  const called = `${origin.protocol}//${host ?? ''}`;
  return URL.canParse(called) && new URL(called).host === origin.host;
}
