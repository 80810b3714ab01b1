import type { Client } from '../seam/client.ts';
import type { Outcome } from './outcome.ts';

/** Binding (RFC 8489 section 6.3.1): tells the client its address. Needs no authentication, and answers with fewer than twice the bytes. */
export function handleBinding(client: Client): Outcome {
  return { kind: 'mapped', address: client.remote };
}
