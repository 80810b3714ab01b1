import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { authority, signCertificate, subjectAltName } from '../../server/app/x509.ts';

/** A certificate and its key as a configuration names them: PEM. */
export interface TestCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** A certification authority to be trusted in a test, and to sign with. */
export interface TestAuthority extends TestCertificate {
  readonly name: string;
  readonly privateKey: KeyObject;
}

/** What a test certificate says. */
export interface CertificateOptions {
  /** DNS names and IP addresses; the first is the common name too. */
  readonly names: readonly string[];
  /** The size of an RSA key; a P-256 key when omitted. */
  readonly rsaBits?: number;
  /** Another common name than the first of `names`. */
  readonly commonName?: string;
  /** An hour ago when omitted. */
  readonly notBefore?: Date;
  /** In a day when omitted. */
  readonly notAfter?: Date;
  /** Who signs; self-signed when omitted. The certificate of an authority is not part of the chain. */
  readonly issuer?: TestAuthority;
}

/** Makes a server's certificate (RFC 5280) with a new key. */
export function makeCertificate(options: CertificateOptions): TestCertificate {
  const { names, issuer } = options;
  const { privateKey, publicKey } =
    options.rsaBits === undefined
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: options.rsaBits });
  const subject = options.commonName ?? names[0] ?? '';
  const certificate = signCertificate({
    subject,
    issuerName: issuer?.name ?? subject,
    publicKey,
    signingKey: issuer?.privateKey ?? privateKey,
    notBefore: options.notBefore ?? new Date(Date.now() - 3_600_000),
    notAfter: options.notAfter ?? new Date(Date.now() + 86_400_000),
    extensions: [subjectAltName(names)],
  });
  return { certificate, key: pkcs8(privateKey) };
}

/** Makes an authority whose certificate a client can be told to trust. */
export function makeAuthority(name: string): TestAuthority {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const certificate = signCertificate({
    subject: name,
    issuerName: name,
    publicKey,
    signingKey: privateKey,
    notBefore: new Date(Date.now() - 3_600_000),
    notAfter: new Date(Date.now() + 86_400_000),
    extensions: authority(),
  });
  return { name, privateKey, certificate, key: pkcs8(privateKey) };
}

function pkcs8(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' });
}
