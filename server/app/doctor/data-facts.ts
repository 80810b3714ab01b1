import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ResolvedConfig } from '../../config/resolved-config.ts';
import { inspectDatabase, type Inspection } from '../../store/inspection.ts';
import { databasePath } from '../data-dir.ts';
import { reasonOf } from '../errors.ts';
import { readCertificate } from '../watched-certificate.ts';
import type { CertificateFact, DatabaseFact, DirectoryFact, MasterKeyFact } from './host-facts.ts';

/** What a look at the database gave, or why there was none; null: it is not there. */
export type Look = Inspection | { readonly failure: string } | null;

/** Looks at the database of a data directory; nothing is changed. */
export function lookAtDatabase(dataDir: string): Look {
  const path = databasePath(dataDir);
  if (!existsSync(path)) return null;
  try {
    return inspectDatabase(path);
  } catch (error) {
    return { failure: reasonOf(error) };
  }
}

/** What is to be known of the database. */
export function databaseFact(dataDir: string, look: Look): DatabaseFact {
  const path = databasePath(dataDir);
  if (look === null) return { kind: 'absent', path };
  if ('failure' in look) return { kind: 'unreadable', path, reason: look.failure };
  const { size, mtimeMs } = statSync(path);
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false });
  return {
    kind: 'there',
    path,
    bytes: size,
    logBytes: log?.size ?? 0,
    faults: look.faults,
    isOutdated: look.isOutdated,
    writtenAtMs: Math.max(mtimeMs, log?.mtimeMs ?? 0),
  };
}

/** What is to be known of the master key; the key itself stays here. */
export function masterKeyFact({ dataDir, masterKey }: ResolvedConfig, look: Look): MasterKeyFact {
  const fits = (key: Uint8Array | null): boolean | null =>
    key === null || look === null || 'failure' in look ? null : look.fitsMasterKey(key);
  if (masterKey !== null) {
    return { source: 'masterKey of the configuration', isThere: true, isExposed: false, fits: fits(masterKey) };
  }
  const source = join(dataDir, 'master-key');
  const about = statSync(source, { throwIfNoEntry: false });
  if (about === undefined) return { source, isThere: false, isExposed: false, fits: null };
  return { source, isThere: true, isExposed: (about.mode & 0o077) !== 0, fits: fits(readKey(source)) };
}

/** What is to be known of the data directory. */
export function directoryFact(path: string): DirectoryFact {
  const about = statSync(path, { throwIfNoEntry: false });
  let existing = path;
  while (!existsSync(existing)) existing = dirname(existing);
  const { bavail, bsize } = statfsSync(existing);
  return {
    path,
    isThere: about !== undefined,
    mode: (about?.mode ?? 0) & 0o777,
    ownerId: about?.uid ?? 0,
    freeBytes: bavail * bsize,
  };
}

/** What is to be known of the certificate; null: none is configured. */
export async function certificateFact({ tls, publicHost }: ResolvedConfig): Promise<CertificateFact | null> {
  if (tls === null) return null;
  try {
    const { material, names, expiresAtMs } = await readCertificate({ files: tls, publicHost });
    const own = new X509Certificate(material.certificate);
    const issuers = (material.certificate.match(/-----BEGIN CERTIFICATE-----/g)?.length ?? 1) - 1;
    return { kind: 'usable', file: tls.certificate, names, expiresAtMs, issuers, isSelfSigned: own.checkIssued(own) };
  } catch (error) {
    return { kind: 'unusable', reason: reasonOf(error) };
  }
}

function readKey(path: string): Uint8Array | null {
  try {
    return new Uint8Array(Buffer.from(readFileSync(path, 'utf8').trim(), 'base64'));
  } catch {
    return null;
  }
}
