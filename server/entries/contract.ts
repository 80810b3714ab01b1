// What `import ... from 'turnpike/contract'` gives: what programs and people are told, in values that browsers may load.

export { configSchema, type SchemaNode } from '../config/schema.ts';
export type { Config, ConfigKey } from '../contract/config.ts';
export type { CertificateSummary, HealthReply, HealthStatus } from '../contract/control.ts';
export {
  errorCatalogue,
  exitCodeOf,
  isErrorCode,
  type ConfigErrorCode,
  type ErrorCode,
  type ExitCode,
} from '../contract/error-codes.ts';
export { httpProblems, type HttpProblemCode } from '../contract/http-problems.ts';
export {
  defaultCredentialTtlS,
  maxCredentialTtlS,
  maxLiveSecrets,
  maxRealmBytes,
  maxSubjectBytes,
  maxUsernameBytes,
  minBitsPerSecond,
  minRelayPort,
  minSecretCharacters,
} from '../contract/limits.ts';
