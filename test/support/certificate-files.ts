import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TlsFiles } from '../../server/config/resolved-config.ts';
import type { TestCertificate } from './certificates.ts';
import { tempDir } from './temp-dir.ts';

/** Puts a certificate in the place of another, as a renewal does. */
export function installCertificate(files: TlsFiles, pem: TestCertificate): void {
  for (const part of ['certificate', 'key'] as const) {
    writeFileSync(`${files[part]}.new`, pem[part]);
    renameSync(`${files[part]}.new`, files[part]);
  }
}

/** A certificate in files of a directory of its own. */
export function certificateFiles(pem: TestCertificate): TlsFiles {
  const directory = tempDir();
  const files = { certificate: join(directory, 'fullchain.pem'), key: join(directory, 'privkey.pem') };
  installCertificate(files, pem);
  return files;
}
