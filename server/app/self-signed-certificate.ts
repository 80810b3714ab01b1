import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { formatIp } from '../stun/ip-text.ts';
import { isLinkLocal } from '../stun/transport-address.ts';
import type { TlsMaterial } from '../transport/tls-material.ts';
import { interfaceAddresses } from './address-plan.ts';
import { parseCertificate } from './certificate.ts';
import { EnvironmentError, reasonOf } from './errors.ts';
import { serverAuthentication, signCertificate, subjectAltName } from './x509.ts';

/** A certificate that nobody but us has signed. Who connects compares its fingerprint. */
export interface AdminCertificate {
  readonly material: TlsMaterial;
  /** SHA-256 of the certificate: `AB:CD:...`, as browsers show it. */
  readonly fingerprint: string;
  readonly expiresAtMs: number;
}

const dayMs = 86_400_000;
/** The longest that every client accepts. */
const lifetimeMs = 825 * dayMs;
const renewBeforeEndMs = 30 * dayMs;
/** Clocks differ. */
const clockSkewMs = 3_600_000;
/** A certificate has few kilobytes; a host may have many addresses. */
const mostNames = 64;

/**
 * The certificate of the admin listener where none is configured: what the data directory holds, or a new one where that is missing,
 * damaged or about to end. It stays when the host's addresses change: whoever has compared its fingerprint is not to do so again.
 * @param dataDir null: a new one, which is kept nowhere
 * @throws EnvironmentError `data_dir_unusable` when it cannot be kept
 */
export function adminCertificate(dataDir: string | null, nowMs: number): AdminCertificate {
  const files =
    dataDir === null
      ? null
      : { certificate: join(dataDir, 'admin-certificate.pem'), key: join(dataDir, 'admin-key.pem') };
  const kept = files === null ? null : readKept(files);
  if (kept !== null && kept.expiresAtMs - nowMs > renewBeforeEndMs) return kept;
  const made = makeCertificate(namesOfHost(), nowMs);
  if (files !== null) {
    writePrivate(files.key, made.material.key);
    writePrivate(files.certificate, made.material.certificate);
  }
  return made;
}

function makeCertificate(names: readonly string[], nowMs: number): AdminCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const notAfter = new Date(nowMs + lifetimeMs);
  const certificate = signCertificate({
    subject: 'Turnpike admin',
    issuerName: 'Turnpike admin',
    publicKey,
    signingKey: privateKey,
    notBefore: new Date(nowMs - clockSkewMs),
    notAfter,
    extensions: [subjectAltName(names), serverAuthentication()],
  });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
  return described({ certificate, key }, notAfter.getTime());
}

/** What is there and can be used; null: nothing. The two files are not written in one instant. */
function readKept(files: { readonly certificate: string; readonly key: string }): AdminCertificate | null {
  if (!existsSync(files.certificate) || !existsSync(files.key)) return null;
  try {
    const material = { certificate: readFileSync(files.certificate, 'utf8'), key: readFileSync(files.key, 'utf8') };
    return described(material, parseCertificate(files, material).expiresAtMs);
  } catch {
    // Whatever is wrong with it, another is as good: nobody else has signed it.
    return null;
  }
}

function described(material: TlsMaterial, expiresAtMs: number): AdminCertificate {
  return { material, fingerprint: new X509Certificate(material.certificate).fingerprint256, expiresAtMs };
}

/** What this host may be called. */
function namesOfHost(): string[] {
  const name = hostname();
  const addresses = interfaceAddresses(networkInterfaces()).filter((ip) => !isLinkLocal(ip));
  const names = ['localhost', ...(isDnsName(name) ? [name] : []), '127.0.0.1', '::1', ...addresses.map(formatIp)];
  return [...new Set(names)].slice(0, mostNames);
}

function isDnsName(name: string): boolean {
  return name.length <= 253 && /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(name);
}

/** Complete or as it was, whatever interrupts. */
function writePrivate(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.new`;
  try {
    writeFileSync(temporary, text, { mode: 0o600, flush: true });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new EnvironmentError(
      'data_dir_unusable',
      `cannot write ${path}: ${reasonOf(error)}. Give the data directory to the user that runs Turnpike.`,
      { cause: error },
    );
  }
}
