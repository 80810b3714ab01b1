import type { ErrorCode } from '../contract/error-codes.ts';

/** The command line is not understood. The message names the word and what to write. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code: ErrorCode = 'usage';
}
