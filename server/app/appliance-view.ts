import type { ResolvedConfig } from '../config/resolved-config.ts';
import type { ConfigKey } from '../contract/config.ts';
import type { HealthReply } from '../contract/control.ts';
import type { IceServersDocument } from '../credentials/ice-servers.ts';
import type { Issue } from './issuing.ts';
import type { KeptState } from './kept-state.ts';
import type { Records } from './records.ts';
import type { RelayStatus } from './relay-messages.ts';
import type { RunningParts } from './running-parts.ts';
import type { Settings } from './settings.ts';

/** An appliance as its administration sees it, from the start on; what changes is asked for when it is needed. */
export interface ApplianceView {
  readonly state: KeptState;
  readonly records: Records;
  /** Null where the appliance was given values, and not the layers that they come from. */
  readonly settings: Settings | null;
  readonly config: () => ResolvedConfig;
  /** Where a key of the configuration is written. */
  readonly originOf: (key: ConfigKey) => string;
  /** @throws Error before the start has resolved */
  readonly running: () => RunningParts;
  /** @throws EnvironmentError `admin_refused` */
  readonly issue: (request: Issue) => IceServersDocument;
  readonly health: () => Promise<HealthReply>;
  /** Null while the relay thread does not answer. */
  readonly relayStatus: () => Promise<RelayStatus | null>;
  /** Restarts of the relay thread that nobody asked for. */
  readonly relayRestarts: () => number;
  /** Where browsers reach the console, without a slash at its end. */
  readonly consoleUrl: () => string;
}
