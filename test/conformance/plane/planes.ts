import { createPlane } from '../../../server/relay/select.ts';
import type { PlaneOptions } from '../../../server/relay/plane-options.ts';
import type { ForwardingPlane } from '../../../server/seam/plane.ts';

/** A plane under test. */
export interface PlaneUnderTest {
  readonly name: string;
  readonly create: (options: PlaneOptions) => ForwardingPlane;
}

/** Every plane passes the whole suite. */
export const planes: readonly PlaneUnderTest[] = [{ name: 'js', create: (options) => createPlane('js', options) }];
