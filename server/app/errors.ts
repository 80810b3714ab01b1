import type { ConfigErrorCode, ErrorCode } from '../contract/error-codes.ts';

/** What the host may not give. The catalogue says which exit code each ends a command with. */
export type EnvironmentErrorCode = Exclude<ErrorCode, ConfigErrorCode | 'usage' | 'internal'>;

/** The host does not give what the configuration asks for. The message says what, where, and what to do. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
  readonly code: EnvironmentErrorCode;

  constructor(code: EnvironmentErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The `code` of a system error (`EADDRINUSE`), or undefined for any other value. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Why something failed, as text that follows what did. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether a bind failed because the host lacks the address or its whole family: no reason for a `*` to fail. */
export function isMissingAddress(code: string | undefined): boolean {
  return code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT';
}

/**
 * Turns a failed bind into a message an operator can act on.
 * @param key the configuration key that asked for the bind, e.g. `turn.listen`
 * @param url what was to be bound, e.g. `udp://127.0.0.1:3478`
 */
export function bindError(error: unknown, key: string, url: string): EnvironmentError {
  const options = { cause: error };
  switch (systemErrorCode(error)) {
    case 'EADDRINUSE':
      return new EnvironmentError(
        'port_taken',
        `${key}: ${url} is taken by another program. Stop it (find it with "ss -lunpt"), or set ${key} to another port.`,
        options,
      );
    case 'EACCES':
    case 'EPERM':
      return new EnvironmentError(
        'port_forbidden',
        `${key}: not permitted to listen on ${url}. Use a port above 1023, or grant CAP_NET_BIND_SERVICE.`,
        options,
      );
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
      return new EnvironmentError(
        'address_unavailable',
        `${key}: ${url} is not an address of this host. Use "*" or one that "ip address" lists.`,
        options,
      );
    case undefined:
    default:
      return new EnvironmentError('relay_start_failed', `${key}: cannot listen on ${url}: ${String(error)}`, options);
  }
}
