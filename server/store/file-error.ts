import { StoreError, type StoreErrorCode } from './store-error.ts';

const reasons: Readonly<Record<string, readonly [code: StoreErrorCode, remedy: string]>> = {
  ENOSPC: ['store_full', 'the disk is full. Free some space and try again.'],
  EDQUOT: ['store_full', 'the quota of its user is used up. Free some space and try again.'],
  EROFS: ['store_read_only', 'its disk is read-only. Remount it, or set dataDir elsewhere.'],
  EACCES: ['store_read_only', 'it may not be made. Give its directory to the user that runs Turnpike.'],
  EPERM: ['store_read_only', 'it may not be made. Give its directory to the user that runs Turnpike.'],
  EEXIST: ['store_io', 'it is there already. Name a file that is not.'],
  ENOENT: ['store_io', 'its directory is not there. Make it, or name another file.'],
};

/** What the system says against a database's file, as a `StoreError` that names it and the remedy; every other error as it is. */
export function fileError(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !('code' in error) || error instanceof StoreError) return error;
  const code = String(error.code);
  const known = Object.hasOwn(reasons, code) ? reasons[code] : undefined;
  if (known === undefined) return error;
  return new StoreError(known[0], `database ${path}: ${known[1]} (${code})`, { cause: error });
}
