import { setTimeout as delay } from 'node:timers/promises';
import type { TlsFiles } from '../config/resolved-config.ts';
import type { TlsMaterial } from '../transport/tls-material.ts';
import {
  certificateCovers,
  expiryWarning,
  firstHostName,
  parseCertificate,
  readMaterial,
  type Certificate,
} from './certificate.ts';
import { EnvironmentError, reasonOf } from './errors.ts';

/** How often the files are read. Reading them finds every way of replacing them: in place, by renaming, by a symbolic link. */
const pollMs = 2_000;
const dayMs = 86_400_000;

/** Where a certificate is, and what it has to be good for. */
export interface CertificateSource {
  readonly files: TlsFiles;
  /** The name or address that clients will call; null for the certificate's own. */
  readonly publicHost: string | null;
}

/** What happens to the files of a certificate that is in use. */
export interface CertificateEvents {
  /** The files hold another certificate, which is good: it is in use from now on. */
  onRenewed(certificate: Certificate): void;
  /** The files hold something that cannot be used: the certificate stays as it was. Once for each reason in a row. */
  onRefused(reason: string): void;
  /** The certificate is about to expire, or has. Once a day. */
  onExpiring(warning: string): void;
}

/**
 * Reads a certificate.
 * @throws EnvironmentError `certificate_unusable`
 */
export async function readCertificate(source: CertificateSource): Promise<Certificate> {
  return usableCertificate(source, await readMaterial(source.files));
}

/** What the operator should know of a certificate now. */
export function certificateWarnings(
  certificate: Certificate,
  { files, publicHost }: CertificateSource,
  nowMs: number,
): readonly string[] {
  const expiry = expiryWarning(certificate, files, nowMs);
  const nameless = publicHost === null && firstHostName(certificate) === null;
  const advice = `tls.certificate ${files.certificate} is for no DNS name: set publicHost to the name or address that clients call.`;
  return [...(expiry === null ? [] : [expiry]), ...(nameless ? [advice] : [])];
}

/** The certificate in use, renewed when its files are. */
export class WatchedCertificate {
  readonly #source: CertificateSource;
  readonly #events: CertificateEvents;
  readonly #nowMs: () => number;
  #current: Certificate;
  /** What the last reading found wrong. Told when the next one finds the same: the two files are not written in one instant. */
  #problem: string | null = null;
  #toldProblem: string | null = null;
  #toldExpiryAtMs: number;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param nowMs the system's clock */
  constructor(source: CertificateSource, current: Certificate, events: CertificateEvents, nowMs: () => number) {
    this.#source = source;
    this.#current = current;
    this.#events = events;
    this.#nowMs = nowMs;
    this.#toldExpiryAtMs = nowMs();
  }

  /**
   * Reads the certificate, a second time where the first fails: files that are being renewed are no reason to stay down.
   * @throws EnvironmentError `certificate_unusable`
   */
  static async open(source: CertificateSource, events: CertificateEvents): Promise<WatchedCertificate> {
    const current = await readCertificate(source).catch(async () => {
      await delay(pollMs);
      return readCertificate(source);
    });
    return new WatchedCertificate(source, current, events, () => Date.now());
  }

  /** The certificate that new clients are served with. */
  get current(): Certificate {
    return this.#current;
  }

  /** What the operator should know of it now. */
  get warnings(): readonly string[] {
    return certificateWarnings(this.#current, this.#source, this.#nowMs());
  }

  /** Follows the files from now on. Once. */
  watch(): void {
    this.#checkLater();
  }

  /** Follows the files no more. Repeatable. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  /** Reads the files now. `watch` does so by itself. */
  async check(): Promise<void> {
    const found = await this.#read();
    if (this.#closed) return;
    if (found !== null && found !== this.#current) {
      this.#current = found;
      this.#events.onRenewed(found);
    }
    this.#noteExpiry(this.#nowMs());
  }

  /** What the files hold now; the current certificate where that is nothing else, null where it cannot be used. */
  async #read(): Promise<Certificate | null> {
    try {
      const material = await readMaterial(this.#source.files);
      const found = isSame(material, this.#current.material)
        ? this.#current
        : usableCertificate(this.#source, material);
      this.#problem = null;
      this.#toldProblem = null;
      return found;
    } catch (error) {
      this.#noteProblem(reasonOf(error));
      return null;
    }
  }

  #checkLater(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.check().then(() => this.#checkLater()), pollMs);
  }

  #noteProblem(problem: string): void {
    if (!this.#closed && problem === this.#problem && problem !== this.#toldProblem) {
      this.#toldProblem = problem;
      this.#events.onRefused(problem);
    }
    this.#problem = problem;
  }

  #noteExpiry(nowMs: number): void {
    if (nowMs - this.#toldExpiryAtMs < dayMs) return;
    this.#toldExpiryAtMs = nowMs;
    const warning = expiryWarning(this.#current, this.#source.files, nowMs);
    if (warning !== null) this.#events.onExpiring(warning);
  }
}

function usableCertificate({ files, publicHost }: CertificateSource, material: TlsMaterial): Certificate {
  const certificate = parseCertificate(files, material);
  if (publicHost === null || certificateCovers(certificate, publicHost)) return certificate;
  const names = certificate.names.length === 0 ? 'no name at all' : certificate.names.join(', ');
  throw new EnvironmentError(
    'certificate_unusable',
    `tls.certificate: ${files.certificate} is for ${names}, not for publicHost ${publicHost}: clients would refuse it. ` +
      'Set publicHost to one of its names, or obtain a certificate for it.',
  );
}

function isSame(a: TlsMaterial, b: TlsMaterial): boolean {
  return a.certificate === b.certificate && a.key === b.key;
}
