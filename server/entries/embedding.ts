// What `import ... from 'turnpike'` gives (docs/embedding.md).

export { createAppliance } from '../app/create-appliance.ts';
export type { CreateApplianceOptions, LimitOptions, TurnOptions } from '../app/appliance-options.ts';
export type {
  ApplianceEvents,
  EmbeddedAppliance,
  ListenerAddress,
  ServingAddresses,
} from '../app/embedded-appliance.ts';
export type { Refused, Session, SessionEnded, SocketAddress } from '../app/live-sessions.ts';
export { EnvironmentError, type EnvironmentErrorCode } from '../app/errors.ts';
export { version } from '../app/version.ts';
export { ConfigError, type ConfigProblem } from '../config/config-error.ts';
export type { CertificateSummary, HealthReply, HealthStatus } from '../contract/control.ts';
export type { ConfigErrorCode, ErrorCode } from '../contract/error-codes.ts';
export type { IceServer, IceServersDocument, IceUrls } from '../credentials/ice-servers.ts';
export type { RefusalCause, SessionEnd } from '../seam/session-event.ts';
export type { LogFields, Logger } from '../telemetry/logger.ts';
