import { constants } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { SecureContext } from 'node:tls';

/** A certificate and its key, as files hold them. Plain data: it can be posted to another thread. */
export interface TlsMaterial {
  /** The certificate and what a client needs beside it to reach an authority it trusts, leaf first: PEM. */
  readonly certificate: string;
  /** The private key without a passphrase: PEM. */
  readonly key: string;
}

/**
 * What RFC 9325 section 4.2 recommends: forward secrecy and authenticated encryption, which everything that speaks WebRTC
 * has. Node's own list goes on to RSA key exchange and finite-field Diffie-Hellman, which cost a handshake more.
 */
const ciphers = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/**
 * How TLS is spoken with clients (RFC 8656 section 3.1): TLS 1.2, whose every client is served, and no resumption. A ticket
 * would save about half of a handshake's time, and let a client go on with a certificate that has been replaced.
 * Not TLS 1.3: a client may send any number of its KeyUpdates (RFC 8446 section 4.6.3), each costs OpenSSL some 60 us, and nobody is
 * asked in between. Three strangers stopped the relay with them.
 * @throws the error of node:crypto when the material is not PEM, or the key is not the certificate's
 */
export function createTlsContext(material: TlsMaterial): SecureContext {
  return createSecureContext({
    cert: material.certificate,
    key: material.key,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.2',
    ciphers,
    secureOptions: constants.SSL_OP_NO_TICKET,
  });
}
