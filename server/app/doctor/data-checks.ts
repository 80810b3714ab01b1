import { ok, problem, warning, type Finding } from './finding.ts';
import type { HostFacts } from './host-facts.ts';

const dayMs = 86_400_000;
const megabyte = 1_000_000;
/** Less than that is used up within days by usage rows and logs. */
const littleFreeBytes = 500 * megabyte;
const tooLittleFreeBytes = 50 * megabyte;
/** A log that has grown so large is not worked off. */
const largeLogBytes = 256 * megabyte;
const expiresSoonMs = 14 * dayMs;

/** TLS clients can be served. */
export function checkCertificate({ certificate, nowMs }: HostFacts): Finding[] {
  if (certificate === null) {
    return [ok('certificate', 'No certificate is configured: TLS is not served (tls.certificate).')];
  }
  if (certificate.kind === 'unusable') {
    return [problem('certificate', certificate.reason, 'Mend the files of tls.certificate and tls.key.')];
  }
  const { file, names, expiresAtMs, issuers, isSelfSigned } = certificate;
  const until = new Date(expiresAtMs).toISOString().slice(0, 10);
  const leftMs = expiresAtMs - nowMs;
  const findings: Finding[] = [];
  if (leftMs <= 0) {
    findings.push(problem('certificate', `${file} expired on ${until}: TLS clients refuse it.`, 'Renew it.'));
  } else if (leftMs <= expiresSoonMs) {
    const days = Math.floor(leftMs / dayMs);
    findings.push(
      warning(
        'certificate',
        `${file} expires in ${days} days, on ${until}.`,
        'Renew it; the new files are taken within seconds.',
      ),
    );
  }
  if (isSelfSigned) {
    const message = `${file} signs itself: browsers refuse it for turns: and HTTPS.`;
    findings.push(warning('certificate', message, 'Obtain one of an authority, e.g. with certbot.'));
  } else if (issuers === 0) {
    const message = `${file} holds the own certificate alone: clients that do not know its issuer refuse it.`;
    findings.push(warning('certificate', message, 'Set tls.certificate to the full chain (fullchain.pem).'));
  }
  if (findings.length > 0) return findings;
  return [ok('certificate', `It is for ${names.join(', ')}, until ${until}, and its key belongs to it.`)];
}

/** The directory is the server's alone. */
export function checkDataDir({ dataDir, userId }: HostFacts): Finding[] {
  const { path, isThere, mode, ownerId } = dataDir;
  if (!isThere) return [ok('data-dir', `${path} is not there yet: the first start makes it.`)];
  const findings: Finding[] = [];
  if ((mode & 0o077) !== 0) {
    const shown = mode.toString(8).padStart(3, '0');
    findings.push(
      warning(
        'data-dir',
        `${path} has the mode ${shown}: others than its owner see what it holds.`,
        `chmod 700 ${path}`,
      ),
    );
  }
  if (userId !== null && userId !== 0 && userId !== ownerId) {
    findings.push(
      problem(
        'data-dir',
        `${path} belongs to the user ${ownerId}, and this is ${userId}: a server that this user starts cannot use it.`,
        `Run Turnpike and its commands as its owner, or: chown -R ${userId} ${path}`,
      ),
    );
  }
  if (dataDir.freeBytes < tooLittleFreeBytes) {
    const message = `The disk of ${path} has ${Math.floor(dataDir.freeBytes / megabyte)} MB left.`;
    findings.push(problem('data-dir', message, 'Free some space: what cannot be written is not changed.'));
  } else if (dataDir.freeBytes < littleFreeBytes) {
    const message = `The disk of ${path} has ${Math.floor(dataDir.freeBytes / megabyte)} MB left.`;
    findings.push(warning('data-dir', message, 'Free some space before it is full.'));
  }
  return findings.length > 0 ? findings : [ok('data-dir', `${path} is private, and its disk has space.`)];
}

/** The database is sound. */
export function checkDatabase({ database }: HostFacts): Finding[] {
  const { path } = database;
  if (database.kind === 'absent') return [ok('database', `${path} is not there yet: the first start makes it.`)];
  if (database.kind === 'unreadable') {
    return [problem('database', database.reason, 'See what the message says; "turnpike restore" puts a backup back.')];
  }
  if (database.faults.length > 0) {
    return [
      problem(
        'database',
        `${path} is damaged: ${database.faults.join('; ')}.`,
        'Stop Turnpike and put a backup back: turnpike restore FILE.',
      ),
    ];
  }
  if (database.logBytes > largeLogBytes) {
    return [
      warning(
        'database',
        `${path}-wal has ${Math.floor(database.logBytes / megabyte)} MB: another program keeps it from being worked off.`,
        'Close what has the database open beside Turnpike, e.g. a browser of databases.',
      ),
    ];
  }
  const outdated = database.isOutdated ? ' The next start migrates it, after a snapshot.' : '';
  return [ok('database', `${path} is sound, ${(database.bytes / megabyte).toFixed(1)} MB.${outdated}`)];
}

/** The master key is private, and the one that the database is sealed with. */
export function checkMasterKey({ masterKey, database }: HostFacts): Finding[] {
  const { source, isThere, isExposed, fits } = masterKey;
  if (!isThere) {
    if (database.kind === 'absent') return [ok('master-key', `${source} is not there yet: the first start makes it.`)];
    return [
      problem(
        'master-key',
        `There is no ${source}, and the database is sealed with it.`,
        'Put back the file that belongs to the database, or give that key as masterKey.',
      ),
    ];
  }
  if (fits === false) {
    return [
      problem(
        'master-key',
        `${source} is not the key that the database is sealed with.`,
        'Put back the one that belongs to it; a backup of the database needs the key of its time.',
      ),
    ];
  }
  if (isExposed) {
    return [warning('master-key', `Others than its owner may read ${source}.`, `chmod 600 ${source}`)];
  }
  return [ok('master-key', `${source} is ${fits === null ? 'there' : 'the one that the database is sealed with'}.`)];
}
