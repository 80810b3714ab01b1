import type { FastifyReply } from 'fastify';
import { httpProblems, type HttpProblemCode } from '../contract/http-problems.ts';

/** An RFC 9457 problem document as it is sent, with its status. */
export function problemDocument(
  code: HttpProblemCode,
  detail: string,
): { readonly status: number; readonly text: string } {
  const { status, title } = httpProblems[code];
  return { status, text: JSON.stringify({ type: 'about:blank', title, status, code, detail }) };
}

/** Answers with an RFC 9457 problem document whose `code` is from the catalogue. */
export function problem(reply: FastifyReply, code: HttpProblemCode, detail: string): FastifyReply {
  const { status, text } = problemDocument(code, detail);
  return reply.code(status).type('application/problem+json').send(text);
}
