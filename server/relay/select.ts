import type { ForwardingPlane } from '../seam/plane.ts';
import type { Engine } from './engine.ts';
import { JsPlane } from './js/plane.ts';
import type { PlaneOptions } from './plane-options.ts';

const planes: Readonly<Record<Engine, (options: PlaneOptions) => ForwardingPlane>> = {
  js: (options) => new JsPlane(options),
};

/** Makes the plane of an engine. It holds no socket until `listen` or `openRelay`. */
export function createPlane(engine: Engine, options: PlaneOptions): ForwardingPlane {
  return planes[engine](options);
}
