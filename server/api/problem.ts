import type { FastifyReply } from 'fastify';
import { httpProblems, type HttpProblemCode } from '../contract/http-problems.ts';

/** Answers with an RFC 9457 problem document whose `code` is from the catalogue. */
export function problem(reply: FastifyReply, code: HttpProblemCode, detail: string): FastifyReply {
  const { status, title } = httpProblems[code];
  return reply
    .code(status)
    .type('application/problem+json')
    .send(JSON.stringify({ type: 'about:blank', title, status, code, detail }));
}
