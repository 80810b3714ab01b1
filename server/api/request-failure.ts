import type { FastifyError, FastifyReply } from 'fastify';
import type { HttpProblemCode } from '../contract/http-problems.ts';
import { StoreError } from '../store/store-error.ts';
import { problem } from './problem.ts';

/** Why a request is not granted, thrown where a hook or a handler cannot answer itself. */
export class RequestRefused extends Error {
  override readonly name = 'RequestRefused';
  readonly code: HttpProblemCode;

  constructor(code: HttpProblemCode, detail: string) {
    super(detail);
    this.code = code;
  }
}

/** What fastify finds wrong with a request before a handler sees it, where the catalogue says more than `bad_request`. */
const codesOfFastify: ReadonlyMap<string, HttpProblemCode> = new Map([
  ['FST_ERR_CTP_INVALID_MEDIA_TYPE', 'unsupported_media_type'],
  ['FST_ERR_CTP_BODY_TOO_LARGE', 'too_large'],
]);

/**
 * Answers a request that failed: with what is wrong with it, with what is wrong with the database, or, where it is neither, with
 * `internal` after `onFailure` was told.
 */
export function answerFailure(error: unknown, reply: FastifyReply, onFailure: (error: Error) => void): FastifyReply {
  if (error instanceof RequestRefused || error instanceof StoreError) return problem(reply, error.code, error.message);
  if (isRequestError(error)) {
    return problem(reply, codesOfFastify.get(error.code) ?? 'bad_request', `${error.message.replace(/\.$/, '')}.`);
  }
  onFailure(error instanceof Error ? error : new Error(String(error)));
  return problem(reply, 'internal', 'The request failed inside the server; its log says why.');
}

function isRequestError(error: unknown): error is FastifyError {
  return error instanceof Error && 'statusCode' in error && Number(error.statusCode) < 500 && 'code' in error;
}
