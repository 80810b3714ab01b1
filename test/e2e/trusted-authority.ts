import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { certutil } from '../../scripts/test-tools.ts';
import type { TestAuthority } from '../support/certificates.ts';
import { requiredTool } from './required-tool.ts';

/** Makes an NSS database in which an authority is trusted to sign the certificates of servers. */
export function trustAuthority(context: TestContext, authority: TestAuthority, database: string): void {
  const program = requiredTool(context, certutil);
  mkdirSync(database, { recursive: true });
  const file = join(database, 'authority.pem');
  writeFileSync(file, authority.certificate);
  const certificates = (...args: string[]): void => {
    execFileSync(program, ['-d', `sql:${database}`, ...args]);
  };
  certificates('-N', '--empty-password');
  certificates('-A', '-n', authority.name, '-t', 'C,,', '-i', file);
}
