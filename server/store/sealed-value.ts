import type { StoreConnection, Value } from './connection.ts';
import type { SealedPlace } from './sealing.ts';
import { StoreError } from './store-error.ts';

/**
 * Opens a sealed value.
 * @throws StoreError `store_corrupt` when it was changed, or belongs elsewhere
 */
export function sealed(store: StoreConnection, value: Value | undefined, place: SealedPlace): Uint8Array {
  const opened = value instanceof Uint8Array ? store.sealing.open(value, place) : null;
  if (opened === null) {
    throw new StoreError(
      'store_corrupt',
      `the database holds a ${place[1]} of ${place[0]} "${place[2]}" that the master key does not open: it was changed from ` +
        'outside, or another key was put in place. Restore a backup ("turnpike restore").',
    );
  }
  return opened;
}
