import Type from 'typebox';
import { strict } from './fields.ts';

/** A key of the configuration. */
export const Setting = Type.Object({
  key: Type.String(),
  value: Type.Unknown({ description: 'What is in force; what is secret is replaced by asterisks.' }),
  isSecret: Type.Boolean(),
  origin: Type.Object({
    layer: Type.Enum(['flag', 'environment', 'file', 'option', 'console', 'default']),
    detail: Type.String({ description: 'E.g. `/etc/turnpike/turnpike.yaml:12`.' }),
  }),
  isLocked: Type.Boolean({ description: 'A higher layer owns it, or it cannot be set here at all.' }),
  default: Type.Unknown(),
  applies: Type.Enum(['at-once', 'relay-restart', 'restart']),
  description: Type.String(),
});

/** The configuration. The ETag is for If-Match. */
export const SettingList = Type.Object({ settings: Type.Array(Setting) });

/** What is given to change settings. */
export const SettingsChange = Type.Object(
  {
    changes: Type.Record(Type.String({ maxLength: 100 }), Type.Unknown(), {
      minProperties: 1,
      maxProperties: 100,
      description: 'By key; null takes a setting back.',
    }),
  },
  strict,
);

/** What the change leads to. */
export const SettingsChanged = Type.Object({
  relayRestarts: Type.Boolean({
    description: 'The relay thread starts anew when its sessions have ended, or drainSeconds are over.',
  }),
  pendingRestart: Type.Array(Type.String(), { description: 'Keys that wait for a restart of the program.' }),
});
