import type { HealthReply } from '../../server/contract/control.ts';

/** One figure of an appliance's health; throws for one that there is not, so that no test watches nothing. */
export function countOf({ counts }: Pick<HealthReply, 'counts'>, part: string, name: string): number {
  const value = counts[part]?.[name];
  if (value === undefined) throw new Error(`there is no count ${part}.${name}`);
  return value;
}
