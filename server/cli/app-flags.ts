import type { Static } from 'typebox';
import type { AppChange } from '../contract/admin/apps.ts';
import type { FlagWords } from './admin-refusal.ts';
import type { FlagDescription } from './flag-description.ts';
import { given, listOf, orNull, valueOf } from './flag-values.ts';
import type { ParsedFlags } from './parsed-flags.ts';
import { parseBitsPerSecond, parseBytes, parseCount, parseDurationS } from './quantity.ts';

interface AppFlag extends FlagDescription {
  /** What it is called in the document. */
  readonly property: keyof Static<typeof AppChange>;
}

const flags: readonly AppFlag[] = [
  flag('name', 'TEXT', 'name', 'What people call it.'),
  flag('default-ttl', 'TIME', 'defaultTtlSeconds', 'The lifetime of a credential when none is asked for.'),
  flag('longest-ttl', 'TIME', 'longestTtlSeconds', 'The longest lifetime that may be asked for, at most 7d.'),
  flag('longest-session', 'TIME|none', 'longestSessionSeconds', 'After so long a session is not refreshed any more.'),
  flag(
    'allocations',
    'NUMBER|none',
    'allocationsPerSubject',
    'Of one subject at a time; 0 is no limit, none as turn.limits says.',
  ),
  flag(
    'bitrate',
    'RATE|none',
    'bitsPerSecondPerSubject',
    'Of one subject, e.g. 8M; 0 is no limit, none as turn.limits says.',
  ),
  flag(
    'bytes-per-month',
    'SIZE|none',
    'bytesPerMonth',
    'Of all subjects together in a calendar month (UTC), e.g. 500G.',
  ),
  flag('peers-allow', 'LIST|none', 'peersAllow', 'Address ranges that its sessions may reach beside turn.peers.allow.'),
  flag('peers-deny', 'LIST|none', 'peersDeny', 'Address ranges that its sessions may not reach; they win.'),
  flag('rotate-every', 'DAYS|none', 'rotateEveryDays', 'Makes a new secret so often, and lets the old one retire.'),
];

/** The flags that say what an app has. */
export const appFlags: readonly FlagDescription[] = flags;

/** What they are called in the document. */
export const appWords: FlagWords = new Map(flags.map(({ property, name }) => [property, `--${name}`]));

/** The fields of an app that flags give. */
export function appFields(parsed: ParsedFlags): Static<typeof AppChange> {
  const positive = (text: string, what: string): number => parseCount(text, what, 1);
  const allow = listOf(parsed, 'peers-allow');
  const deny = listOf(parsed, 'peers-deny');
  return given({
    name: valueOf(parsed, 'name', (text) => text),
    defaultTtlSeconds: valueOf(parsed, 'default-ttl', parseDurationS),
    longestTtlSeconds: valueOf(parsed, 'longest-ttl', parseDurationS),
    longestSessionSeconds: valueOf(parsed, 'longest-session', orNull(parseDurationS)),
    allocationsPerSubject: valueOf(parsed, 'allocations', orNull(parseCount)),
    bitsPerSecondPerSubject: valueOf(parsed, 'bitrate', orNull(parseBitsPerSecond)),
    bytesPerMonth: valueOf(parsed, 'bytes-per-month', orNull(parseBytes)),
    peersAllow: allow === undefined ? undefined : [...allow],
    peersDeny: deny === undefined ? undefined : [...deny],
    rotateEveryDays: valueOf(parsed, 'rotate-every', orNull(positive)),
  }) as Static<typeof AppChange>;
}

function flag(name: string, placeholder: string, property: AppFlag['property'], description: string): AppFlag {
  return { name, placeholder, property, description, key: null };
}
