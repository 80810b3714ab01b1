import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { BackupReply } from '../contract/control.ts';
import type { Store } from '../store/store.ts';
import { EnvironmentError } from './errors.ts';

/**
 * Copies the database, as it is now, into a file that is not there yet.
 * @param file absolute
 * @throws EnvironmentError `backup_failed` when the file cannot be one; StoreError
 */
export function backUp(store: Store, file: string): BackupReply {
  if (existsSync(file)) {
    throw new EnvironmentError('backup_failed', `${file} is there already. Name a file that is not.`);
  }
  if (!existsSync(dirname(file))) {
    throw new EnvironmentError(
      'backup_failed',
      `there is no directory ${dirname(file)}. Make it, or name another file.`,
    );
  }
  store.backup(file);
  return { file, bytes: statSync(file).size };
}
