import type { ConfigKey } from '../contract/config.ts';
import type { ConfigProblem } from './config-error.ts';
import type { LayerSettings, Setting } from './layers.ts';
import { keysByPath } from './schema.ts';

/** What administrators have set in the console or by command, by key. */
export type StoredSettings = ReadonlyMap<string, unknown>;

/** The layer of what the database holds: the lowest above the defaults. */
export function storedLayer(stored: StoredSettings): LayerSettings {
  const settings = new Map<ConfigKey, Setting>();
  const problems: ConfigProblem[] = [];
  const warnings: string[] = [];
  for (const [name, value] of stored) {
    const known = keysByPath.get(name);
    if (known !== undefined && isStorable(known.key)) {
      settings.set(known.key, { value, origin: { layer: 'console', detail: 'console' } });
    } else {
      warnings.push(`${name} is set in the console, but this release has no such setting. It has no effect.`);
    }
  }
  return { settings, problems, warnings };
}

/** When a change of a key takes effect. */
export type Takes = 'at-once' | 'relay-restart' | 'restart';

/** Keys that are needed before the database can be opened, or that have a home of their own in it. */
const notStored: ReadonlySet<ConfigKey> = new Set<ConfigKey>(['dataDir', 'masterKey', 'turn.users', 'turn.secrets']);
const atOnce: ReadonlySet<ConfigKey> = new Set<ConfigKey>([
  'drainSeconds',
  'publicHost',
  'http.publicUrl',
  'http.adminUrl',
  'retention.minuteDays',
  'retention.hourDays',
  'retention.dayDays',
  'retention.auditDays',
]);

/** Whether a key can be set in the console at all. */
export function isStorable(key: ConfigKey): boolean {
  return !notStored.has(key);
}

/** When a change of this key takes effect: at once, with a new relay thread, or when the program is started again. */
export function takesEffect(key: ConfigKey): Takes {
  if (atOnce.has(key)) return 'at-once';
  return key.startsWith('turn.') ? 'relay-restart' : 'restart';
}
