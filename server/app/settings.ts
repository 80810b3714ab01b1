import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { SettingProblem, SettingsApplied, SettingsPort, SettingView } from '../api/admin/ports.ts';
import { ConfigError } from '../config/config-error.ts';
import type { LoadWithStored } from '../config/load.ts';
import type { LoadedConfig, Layer } from '../config/loaded-config.ts';
import type { ResolvedConfig } from '../config/resolved-config.ts';
import { configKeys, holdsSecret, keysByPath } from '../config/schema.ts';
import { redacted } from '../config/show.ts';
import { isStorable, takesEffect } from '../config/stored-layer.ts';
import type { ConfigKey } from '../contract/config.ts';
import type { Actor } from '../store/records.ts';
import type { Store } from '../store/store.ts';

/** Layers that a stored value cannot win against. */
const higher: ReadonlySet<Layer> = new Set<Layer>(['flag', 'environment', 'file', 'option']);

/** Puts changed settings into effect. */
export interface SettingsEffects {
  /** Values that are read anew whenever they are needed. */
  useAtOnce(loaded: LoadedConfig): void;
  /** The relay thread is to be started again with these, after a drain. */
  restartRelay(loaded: LoadedConfig): void;
}

/** The configuration of a running appliance as administrators see and change it. */
export class Settings implements SettingsPort {
  readonly #store: Store;
  readonly #load: LoadWithStored;
  readonly #effects: SettingsEffects;
  /** What the process was started with. */
  readonly #started: LoadedConfig;
  #loaded: LoadedConfig;

  /**
   * @param started what the process was started with
   * @throws ConfigError when what is stored does not go with what the higher layers say
   */
  constructor(
    store: Store,
    load: LoadWithStored,
    effects: SettingsEffects,
    started: LoadedConfig = load(store.settings.all()),
  ) {
    this.#store = store;
    this.#load = load;
    this.#effects = effects;
    this.#started = started;
    this.#loaded = started;
  }

  /** The configuration that is in force. */
  get resolved(): ResolvedConfig {
    return this.#loaded.resolved;
  }

  /** Where a key is written. */
  originOf(key: ConfigKey): string {
    return this.#originOf(key).detail;
  }

  /** Keys that have another value than the process was started with and read when it is started. */
  get pendingRestart(): readonly ConfigKey[] {
    return configKeys.flatMap(({ key }) => {
      const differs = !isDeepStrictEqual(valueAt(this.#loaded, key), valueAt(this.#started, key));
      return differs && takesEffect(key) === 'restart' ? [key] : [];
    });
  }

  list(): readonly SettingView[] {
    return configKeys.map(({ key, schema }) => ({
      key,
      value: redacted(valueAt(this.#loaded, key), schema) ?? null,
      isSecret: holdsSecret(schema),
      origin: this.#originOf(key),
      isLocked: !isStorable(key) || higher.has(this.#originOf(key).layer),
      default: redacted(schema.default, schema) ?? null,
      applies: takesEffect(key),
      description: schema.description ?? '',
    }));
  }

  version(): string {
    const stored = JSON.stringify([...this.#store.settings.all()]);
    return createHash('sha256').update(stored).digest('base64url').slice(0, 22);
  }

  validate(changes: ReadonlyMap<string, unknown>): readonly SettingProblem[] {
    const refused = [...changes.keys()].flatMap((key) => this.#refusal(key) ?? []);
    if (refused.length > 0) return refused;
    try {
      return this.#realmProblems(this.#load(this.#with(changes)).resolved.turn.realm);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      // What is taken back can only mend what is stored, though not always all of it at once.
      if ([...changes.values()].every((value) => value === null)) return [];
      return error.problems.map(({ key, message }) => ({ key, code: 'invalid', message }));
    }
  }

  async apply(actor: Actor, changes: ReadonlyMap<string, unknown>): Promise<SettingsApplied> {
    const before = this.#loaded;
    const stored = this.#store.settings.all();
    const next = this.#loadOrKeep(this.#with(changes));
    this.#store.mutate(actor, (record) => {
      for (const [key, value] of changes) {
        record({
          action: 'setting.change',
          target: `setting/${key}`,
          before: stored.get(key) ?? null,
          after: value ?? null,
        });
      }
      this.#store.settings.change(new Map([...changes].map(([key, value]) => [key, value ?? undefined])));
    });
    this.#loaded = next;
    const changed = configKeys
      .map(({ key }) => key)
      .filter((key) => !isDeepStrictEqual(valueAt(before, key), valueAt(next, key)));
    this.#effects.useAtOnce(next);
    const relayRestarts = changed.some((key) => takesEffect(key) === 'relay-restart');
    if (relayRestarts) this.#effects.restartRelay(next);
    return { relayRestarts, pendingRestart: this.pendingRestart };
  }

  /** Keys of TURN users are good for the realm that they were made with. */
  #realmProblems(realm: string): readonly SettingProblem[] {
    const users = this.#store.turnUsers.realms().filter((other) => other !== realm);
    if (users.length === 0) return [];
    const message =
      `turn.realm cannot become "${realm}": the database has TURN users whose keys are good for "${users.join('", "')}" alone. Delete ` +
      'them, change the realm, and enter them again.';
    return [{ key: 'turn.realm', code: 'invalid', message }];
  }

  #refusal(key: string): SettingProblem | null {
    const known = keysByPath.get(key);
    if (known === undefined) return { key, code: 'unknown', message: `there is no setting ${key}.` };
    if (!isStorable(known.key)) {
      return { key, code: 'locked', message: `${key} cannot be set here: write it into the configuration file.` };
    }
    const origin = this.#originOf(known.key);
    return higher.has(origin.layer)
      ? { key, code: 'locked', message: `${key} is set by ${origin.detail}, which wins. Change it there.` }
      : null;
  }

  /** What is stored may still not go with the higher layers after something was taken back: then all stays in force as it is. */
  #loadOrKeep(stored: ReadonlyMap<string, unknown>): LoadedConfig {
    try {
      return this.#load(stored);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return this.#loaded;
    }
  }

  #with(changes: ReadonlyMap<string, unknown>): ReadonlyMap<string, unknown> {
    const stored = new Map(this.#store.settings.all());
    for (const [key, value] of changes) {
      if (value === null || value === undefined) stored.delete(key);
      else stored.set(key, value);
    }
    return stored;
  }

  #originOf(key: ConfigKey): SettingView['origin'] {
    return this.#loaded.origins.get(key) ?? { layer: 'default', detail: 'default' };
  }
}

/** Where nothing can be set: the appliance was given values, not the layers that they come from. */
export const noSettings: SettingsPort = {
  list: () => [],
  version: () => 'none',
  validate: (changes) =>
    [...changes.keys()].map((key) => ({ key, code: 'unknown', message: `there is no setting ${key}.` })),
  apply: () => Promise.reject(new Error('nothing can be set')),
};

function valueAt({ config }: LoadedConfig, key: ConfigKey): unknown {
  let value: unknown = config;
  for (const segment of key.split('.')) value = (value as Record<string, unknown>)[segment];
  return value;
}
