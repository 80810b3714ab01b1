import type { Static } from 'typebox';
import type { AppChange } from '../../contract/admin/apps.ts';
import { minBitsPerSecond } from '../../contract/limits.ts';
import type { AppFields, AppRecord } from '../../store/records.ts';
import { RequestRefused } from '../request-failure.ts';
import { expectRange } from './address-ranges.ts';

/** What is wished of an app, in the words of the API. */
export type AppWishes = Static<typeof AppChange>;

/** What of an app may be changed. */
export function fieldsOf({ id: _, createdAtMs: __, updatedAtMs: ___, version: ____, ...fields }: AppRecord): AppFields {
  return fields;
}

/**
 * What an app is to have: what is wished, on what there is.
 * @throws RequestRefused `invalid_value` for what cannot be
 */
export function wishedFields(present: AppFields, wishes: AppWishes): AppFields {
  const { enabled, defaultTtlSeconds, longestTtlSeconds, longestSessionSeconds, ...same } = wishes;
  const fields: AppFields = {
    ...present,
    ...same,
    ...(enabled === undefined ? {} : { isEnabled: enabled }),
    ...(defaultTtlSeconds === undefined ? {} : { defaultTtlS: defaultTtlSeconds }),
    ...(longestTtlSeconds === undefined ? {} : { longestTtlS: longestTtlSeconds }),
    ...(longestSessionSeconds === undefined ? {} : { longestSessionS: longestSessionSeconds }),
  };
  const { defaultTtlS, longestTtlS, bitsPerSecondPerSubject: rate, rotateEveryDays } = fields;
  if (defaultTtlS > longestTtlS) {
    refuse(
      `defaultTtlSeconds ${defaultTtlS} is longer than longestTtlSeconds ${longestTtlS}. Lower it, or raise the other.`,
    );
  }
  if (rate !== null && rate !== 0 && rate < minBitsPerSecond) {
    refuse(
      `bitsPerSecondPerSubject ${rate} lets no packet of full size pass. Write at least ${minBitsPerSecond}, or 0 for no limit.`,
    );
  }
  if (rotateEveryDays !== null && rotateEveryDays * 86_400 <= longestTtlS) {
    refuse(
      `rotateEveryDays ${rotateEveryDays} is no longer than longestTtlSeconds ${longestTtlS}: secrets would retire faster than their ` +
        'credentials expire. Write more days.',
    );
  }
  for (const name of ['peersAllow', 'peersDeny'] as const) for (const text of fields[name]) expectRange(text, name);
  return fields;
}

function refuse(detail: string): never {
  throw new RequestRefused('invalid_value', detail);
}
