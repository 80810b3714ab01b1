import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeCertificate } from '../../../test/support/certificates.ts';

/** The PEM files of the certificate that every server of a run shows: one kind of key, so that handshakes and records cost alike. */
export function benchCertificate(scratchDirectory: string): { readonly certificate: string; readonly key: string } {
  const files = { certificate: join(scratchDirectory, 'certificate.pem'), key: join(scratchDirectory, 'key.pem') };
  if (!existsSync(files.key)) {
    const pem = makeCertificate({ names: ['127.0.0.1'] });
    writeFileSync(files.certificate, pem.certificate);
    writeFileSync(files.key, pem.key, { mode: 0o600 });
  }
  return files;
}
