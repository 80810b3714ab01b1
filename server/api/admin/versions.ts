import type { FastifyRequest } from 'fastify';
import { RequestRefused } from '../request-failure.ts';

/** A version as an entity tag. */
export function entityTag(version: number | string): string {
  return `"${version}"`;
}

/**
 * Whoever changes something says which version of it was seen, so that nobody's change is lost.
 * @param what e.g. `the app chat`
 * @throws RequestRefused `version_required`, `changed_meanwhile`
 */
export function expectVersion(request: FastifyRequest, version: number | string, what: string): void {
  const seen = request.headers['if-match'];
  if (seen === undefined) {
    throw new RequestRefused('version_required', `Send If-Match with the ETag that ${what} was read with.`);
  }
  if (seen !== '*' && !seen.split(/\s*,\s*/).includes(entityTag(version))) {
    throw new RequestRefused(
      'changed_meanwhile',
      `${what} is of version ${version} now. Read it again, then change it.`,
    );
  }
}
