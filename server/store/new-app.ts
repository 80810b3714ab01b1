import { defaultCredentialTtlS, longestDefaultTtlS } from '../contract/limits.ts';
import type { AppFields } from './records.ts';

/** What a new app has that was given nothing else. */
export const newAppFields: AppFields = {
  name: '',
  isEnabled: true,
  defaultTtlS: defaultCredentialTtlS,
  longestTtlS: longestDefaultTtlS,
  longestSessionS: null,
  allocationsPerSubject: null,
  bitsPerSecondPerSubject: null,
  bytesPerMonth: null,
  peersAllow: [],
  peersDeny: [],
  rotateEveryDays: null,
};
