import type { Static } from 'typebox';
import { nearest } from '../config/nearest.ts';
import { configKeys, keysByPath, type KeyDescription } from '../config/schema.ts';
import { show as shown } from '../config/show.ts';
import { valueOfTexts } from '../config/text-value.ts';
import type { Setting, SettingList, SettingsChanged } from '../contract/admin/settings.ts';
import { withAdmin, type Admin, type Via } from './admin-access.ts';
import { wordAt, type Command, type CommandGroup, type Invocation, type Positional } from './command.ts';
import { isOn } from './flags.ts';
import { print } from './output.ts';
import { tableLines } from './table.ts';
import { UsageError } from './usage-error.ts';

type SettingDocument = Static<typeof Setting>;

const keyPlace: Positional = { name: 'KEY', meaning: 'a key of the configuration' };

const list: Command = {
  name: 'setting list',
  summary: 'List the settings that are not at their default, or all',
  examples: [
    ['turnpike setting list', 'what somebody has set, and where'],
    ['turnpike setting list --all', 'every key'],
  ],
  notes: ['A setting that a flag, a variable or the file owns is locked: it is changed there.'],
  flags: [{ name: 'all', placeholder: null, description: 'Every key of the configuration.', key: null }],
  run: (invocation) =>
    withAdmin(invocation, async (admin) => {
      const document = await admin.call<Static<typeof SettingList>>({ method: 'GET', path: '/settings' });
      const settings = isOn(invocation.flags, 'all')
        ? document.settings
        : document.settings.filter(({ origin }) => origin.layer !== 'default');
      const lines = tableLines<SettingDocument>(
        [
          { title: 'KEY', text: ({ key }) => key },
          { title: 'VALUE', text: ({ value }) => JSON.stringify(value), gives: true },
          { title: 'ORIGIN', text: ({ origin }) => origin.detail, gives: true },
          { title: 'CHANGES', text: ({ isLocked, applies }) => (isLocked ? 'locked' : applies) },
        ],
        settings,
        'Every setting is at its default. "turnpike setting list --all" shows them.',
      );
      return print(invocation, admin.via, { document: { settings }, lines });
    }),
};

const set: Command = {
  name: 'setting set',
  summary: 'Change a setting',
  examples: [
    ['turnpike setting set drainSeconds 120', 'in force at once'],
    ['turnpike setting set turn.peers.allow 10.20.0.0/16', 'restarts the relay when its sessions have ended'],
  ],
  notes: ['The value is written as its flag takes it; a list takes commas.'],
  positionals: [keyPlace, { name: 'VALUE', meaning: 'a value' }],
  flags: [],
  async run(invocation) {
    const { key, schema } = keyOf(invocation);
    const text = wordAt(invocation, 'VALUE');
    const read = valueOfTexts([text], schema);
    if ('refusal' in read) throw new UsageError(`${key}: ${shown(text, schema)} ${read.refusal.reason}`);
    return withAdmin(invocation, (admin) => change(invocation, admin, key, read.value, `Set ${key}.`));
  },
};

const unset: Command = {
  name: 'setting unset',
  summary: 'Take a setting back to its default',
  examples: [['turnpike setting unset drainSeconds', 'what "turnpike setting set" or the console has set is gone']],
  notes: [],
  positionals: [keyPlace],
  flags: [],
  async run(invocation) {
    const { key } = keyOf(invocation);
    return withAdmin(invocation, (admin) => change(invocation, admin, key, null, `Took ${key} back.`));
  },
};

/** `turnpike setting`. */
export const settingGroup: CommandGroup = {
  name: 'setting',
  summary: 'Settings that the database has, beside the configuration file',
  notes: ['Flags win over variables, these over the file, the file over what is set here, and that over the defaults.'],
  subcommands: [list, set, unset],
};

function keyOf(invocation: Invocation): KeyDescription {
  const word = wordAt(invocation, 'KEY');
  const description = keysByPath.get(word);
  if (description !== undefined) return description;
  const meant = nearest(
    word,
    configKeys.map(({ key }) => key),
  );
  const fix = meant === undefined ? '"turnpike setting list --all" shows the keys.' : `Did you mean ${meant}?`;
  throw new UsageError(`there is no setting ${word}. ${fix}`);
}

async function change(
  invocation: Invocation,
  admin: Admin,
  key: string,
  value: unknown,
  done: string,
): Promise<number> {
  const body = { changes: { [key]: value } };
  const request = { method: 'PATCH', path: '/settings', body, ifMatch: '*' } as const;
  const changed = await admin.call<Static<typeof SettingsChanged>>(request);
  return print(invocation, admin.via, { document: changed, lines: [done, effect(changed, key, admin.via)] });
}

function effect({ relayRestarts, pendingRestart }: Static<typeof SettingsChanged>, key: string, via: Via): string {
  if (via.kind === 'database') return 'It is in force from the next start on.';
  if (relayRestarts) return 'The relay starts anew when its sessions have ended, at the latest after drainSeconds.';
  return pendingRestart.includes(key) ? 'It takes effect when Turnpike is restarted.' : 'It is in force.';
}
