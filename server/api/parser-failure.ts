import type { Socket } from 'node:net';
import type { HttpProblemCode } from '../contract/http-problems.ts';
import { problemDocument } from './problem.ts';

/** What Node's HTTP parser finds, where the catalogue says more than `bad_request`. */
const codesOfParser: ReadonlyMap<string, readonly [code: HttpProblemCode, detail: string]> = new Map([
  ['HPE_HEADER_OVERFLOW', ['headers_too_large', 'The headers have more than 16 KiB together.']],
  [
    'ERR_HTTP_REQUEST_TIMEOUT',
    ['request_timeout', 'The request did not come within 10 seconds, or its headers within 5.'],
  ],
]);

/** Answers what is no HTTP with a problem document, and ends the connection: where the next request begins nobody knows. */
export function answerParserFailure(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const known = codesOfParser.get(error.code ?? '');
  const [code, detail] = known ?? (['bad_request', 'What came is no HTTP request.'] as const);
  const { status, text } = problemDocument(code, detail);
  if (socket.writable) {
    const head = [
      `HTTP/1.1 ${status} ${code}`,
      'content-type: application/problem+json',
      `content-length: ${Buffer.byteLength(text)}`,
      'connection: close',
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n${text}`);
  }
  socket.destroySoon();
}
