import type { Config, ConfigKey } from '../contract/config.ts';
import type { ResolvedConfig } from './resolved-config.ts';

/** Where a value comes from; the earlier layer wins. */
export type Layer = 'flag' | 'environment' | 'file' | 'option' | 'console' | 'default';

/** Where one key's value comes from. */
export interface Origin {
  readonly layer: Layer;
  /** `flag --turn-realm`, `TURNPIKE_TURN_REALM`, `/etc/turnpike/turnpike.yaml:12`, `option`, `console` or `default`. */
  readonly detail: string;
}

/** A configuration that was found good. Deeply frozen. */
export interface LoadedConfig {
  /** What was written, completed by the defaults. Holds secrets: never log it. */
  readonly config: Config;
  readonly resolved: ResolvedConfig;
  /** Every key's. */
  readonly origins: ReadonlyMap<ConfigKey, Origin>;
  /** The configuration file that was read, or null. */
  readonly file: string | null;
  /** What is allowed but is probably not meant, a sentence each. */
  readonly warnings: readonly string[];
}
