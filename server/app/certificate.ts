import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import type { TlsFiles } from '../config/resolved-config.ts';
import { formatIp, parseIp } from '../stun/ip-text.ts';
import { createTlsContext, type TlsMaterial } from '../transport/tls-material.ts';
import { EnvironmentError, reasonOf } from './errors.ts';

/** A certificate that TLS clients can be served with: its key belongs to it, and OpenSSL takes both. */
export interface Certificate {
  readonly material: TlsMaterial;
  /** The DNS names and IP addresses that it is for. */
  readonly names: readonly string[];
  readonly expiresAtMs: number;
}

const pemCertificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const pemBegin = /-----BEGIN CERTIFICATE-----/g;
/** What the cipher suites can sign with. */
const usableKeys: ReadonlySet<string | undefined> = new Set(['ec', 'rsa', 'rsa-pss', 'ed25519', 'ed448']);
/** A chain has three or four. Clients refuse messages that are too long. */
const longestChain = 10;
/** A chain has some 10 KB. */
const longestPemBytes = 1_048_576;
const dayMs = 86_400_000;
/** Automatic renewal happens 30 days before the end: what is not renewed two weeks before it will not be. */
const expirySoonMs = 14 * dayMs;

/**
 * Reads the texts of the certificate and its key.
 * @throws EnvironmentError `certificate_unusable`: a file cannot be read
 */
export async function readMaterial(files: TlsFiles): Promise<TlsMaterial> {
  const [certificate, key] = await Promise.all([
    readPem('tls.certificate', files.certificate),
    readPem('tls.key', files.key),
  ]);
  return { certificate, key };
}

/**
 * The certificate that these files hold.
 * @throws EnvironmentError `certificate_unusable`: a text is not what it should be, they do not belong together, or OpenSSL refuses them
 */
export function parseCertificate(files: TlsFiles, material: TlsMaterial): Certificate {
  const { certificate, key } = material;
  const [own, ...issuers] = certificateChain(files.certificate, certificate);
  const privateKey = readPrivateKey(files.key, key);
  if (!usableKeys.has(privateKey.asymmetricKeyType)) {
    const kind = privateKey.asymmetricKeyType ?? 'unknown';
    throw unusable(
      'tls.key',
      files.key,
      `is a key of the kind ${kind}, with which no client can be served. Obtain an EC or RSA one`,
    );
  }
  if (!own.checkPrivateKey(privateKey)) {
    const swapped = issuers.some((issuer) => issuer.checkPrivateKey(privateKey));
    throw unusable(
      'tls.key',
      files.key,
      swapped
        ? `belongs to a certificate further down in ${files.certificate}. Put the own certificate first in that file`
        : `is not the key of the first certificate in ${files.certificate}. Set the two files that were issued together`,
    );
  }
  try {
    createTlsContext(material);
  } catch (error) {
    throw unusable(
      'tls.certificate',
      files.certificate,
      `is refused by OpenSSL (${reasonOf(error)}). Obtain a stronger one`,
      error,
    );
  }
  return { material, names: namesOf(own), expiresAtMs: own.validToDate.getTime() };
}

/** Whether clients that call `host`, a DNS name or an IP address, accept the certificate (RFC 9525). */
export function certificateCovers(certificate: Certificate, host: string): boolean {
  const own = new X509Certificate(certificate.material.certificate);
  const found = parseIp(host) === null ? own.checkHost(host, { subject: 'never' }) : own.checkIP(host);
  return found !== undefined;
}

/** The first DNS name that a URL can hold, or null. A wildcard is none. */
export function firstHostName(certificate: Certificate): string | null {
  return certificate.names.find((name) => parseIp(name) === null && /^[a-z0-9.-]+$/i.test(name)) ?? null;
}

/** What the operator should know of the certificate's end, or null. */
export function expiryWarning(certificate: Certificate, files: TlsFiles, nowMs: number): string | null {
  const leftMs = certificate.expiresAtMs - nowMs;
  if (leftMs > expirySoonMs) return null;
  const when = new Date(certificate.expiresAtMs).toISOString();
  const remedy = `Renew it; Turnpike takes the new files within seconds.`;
  return leftMs <= 0
    ? `tls.certificate ${files.certificate} expired at ${when}: TLS clients refuse it. ${remedy}`
    : `tls.certificate ${files.certificate} expires in ${Math.floor(leftMs / dayMs)} days, at ${when}. ${remedy}`;
}

async function readPem(key: 'tls.certificate' | 'tls.key', path: string): Promise<string> {
  try {
    const about = await stat(path);
    if (!about.isFile()) throw new Error('it is no file');
    if (about.size > longestPemBytes) throw new Error(`it has ${about.size} bytes, which is no certificate or key`);
    return await readFile(path, 'utf8');
  } catch (error) {
    throw unusable(key, path, `cannot be read (${reasonOf(error)}). Give it to the user that runs Turnpike`, error);
  }
}

function certificateChain(path: string, text: string): [X509Certificate, ...X509Certificate[]] {
  const [first, ...rest] = text.match(pemCertificate) ?? [];
  if (first !== undefined && rest.length + 1 !== text.match(pemBegin)?.length) {
    throw unusable('tls.certificate', path, 'breaks off within a certificate. Write it anew');
  }
  if (first === undefined) {
    throw unusable('tls.certificate', path, 'holds no certificate. It should begin with -----BEGIN CERTIFICATE-----');
  }
  if (rest.length >= longestChain) {
    throw unusable(
      'tls.certificate',
      path,
      `holds ${rest.length + 1} certificates. Keep the own one and those that signed it`,
    );
  }
  try {
    return [new X509Certificate(first), ...rest.map((pem) => new X509Certificate(pem))];
  } catch (error) {
    throw unusable('tls.certificate', path, `is damaged (${reasonOf(error)}). Write it anew`, error);
  }
}

function readPrivateKey(path: string, text: string): KeyObject {
  if (/^(-----BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED)/m.test(text)) {
    throw unusable('tls.key', path, 'has a passphrase, which nobody could type at a restart. Remove it: openssl pkey');
  }
  try {
    return createPrivateKey(text);
  } catch (error) {
    throw unusable('tls.key', path, `is no private key in PEM form (${reasonOf(error)})`, error);
  }
}

/** The subject's alternative names; Node writes them as `DNS:a.example, IP Address:192.0.2.1`, odd ones in quotes. */
function namesOf(certificate: X509Certificate): string[] {
  return [...(certificate.subjectAltName ?? '').matchAll(/(?:^|, )(?:DNS|IP Address):([^,"]+)/g)].map(([, name = '']) =>
    canonical(name),
  );
}

/** Node writes every group of an IPv6 address. */
function canonical(name: string): string {
  const ip = parseIp(name);
  return ip === null ? name : formatIp(ip);
}

function unusable(key: string, path: string, what: string, cause?: unknown): EnvironmentError {
  return new EnvironmentError('certificate_unusable', `${key}: ${path} ${what}.`, { cause });
}
