import { timingSafeEqual } from 'node:crypto';
import type { Static } from 'typebox';
import type { Explained } from '../../contract/admin/explain.ts';
import { defaultAppId } from '../../contract/default-app.ts';
import { judgeExpiry } from '../../contract/expiry-verdict.ts';
import { parseNamedApp, parseRestUsername, restPassword, type NamedApp } from '../../credentials/rest-username.ts';
import type { BanTarget } from '../../store/records.ts';
import { instant } from './instants.ts';

type Explanation = Static<typeof Explained>;

/** A TURN user, as far as it matters here. */
export interface ExplainedUser {
  /** Where the configuration names it; null: it is stored. */
  readonly origin: string | null;
  readonly expiresAtMs: number | null;
  /** Null: nothing is wrong with what it has relayed this month. */
  readonly quotaFinding: string | null;
  /** Whether this is its password. In constant time. */
  readonly isPassword: (password: string) => boolean;
}

/** A secret that made a password, or may have. Revoked ones are not kept. */
export interface ExplainedSecret {
  readonly id: string;
  readonly value: Uint8Array;
  /** Null: no such time. */
  readonly acceptedUntilMs: number | null;
}

/** An app, as far as it matters here. */
export interface ExplainedApp {
  readonly id: string;
  readonly isEnabled: boolean;
  readonly quotaFinding: string | null;
  readonly isLiveKey: (keyId: string) => boolean;
  readonly secrets: () => readonly ExplainedSecret[];
}

/** What a username is looked up in. */
export interface ExplainSources {
  readonly nowMs: number;
  readonly user: (name: string) => ExplainedUser | null;
  readonly app: (id: string) => ExplainedApp | null;
  /** The bans of a subject or TURN user that are in force. */
  readonly bans: (target: BanTarget) => readonly { readonly id: string; readonly reason: string }[];
}

const nothing: Explanation = {
  kind: 'unknown',
  app: null,
  key: null,
  subject: null,
  expiresAt: null,
  isExpired: false,
  secret: null,
  passwordMatches: null,
  accepted: false,
  findings: [],
};

/**
 * What a username says of itself, whether it would be let in, and which secret made its password: read as the relay reads it (DESIGN.md
 * section 4). Pure, but for what the sources do.
 */
export function explainUsername(sources: ExplainSources, username: string, password: string | undefined): Explanation {
  const user = sources.user(username);
  if (user !== null) return explainUser(sources, username, user, password);
  const rest = parseRestUsername(username);
  if (rest === null) {
    const finding =
      'There is no TURN user of this name, and it does not begin with a Unix time and a colon, as time-limited usernames do ' +
      '(<unix-expiry>:<subject>).';
    return { ...nothing, findings: [finding] };
  }
  const readings = readingsOf(sources, rest.subject);
  const made = password === undefined ? null : madeBy(readings, username, password);
  return explainRest(sources, { ...rest, reading: made?.reading ?? readings[0] ?? null, password, made });
}

interface Reading extends Omit<NamedApp, 'app'> {
  readonly app: ExplainedApp;
}

/** What the relay tries, in its order. */
function readingsOf({ app }: ExplainSources, subject: string): readonly Reading[] {
  const named = parseNamedApp(subject);
  const namedApp = named === null ? null : app(named.app);
  const defaultApp = app(defaultAppId);
  return [
    ...(named === null || namedApp === null ? [] : [{ ...named, app: namedApp }]),
    ...(defaultApp === null || namedApp?.id === defaultAppId ? [] : [{ app: defaultApp, keyId: null, subject }]),
  ];
}

interface Made {
  readonly reading: Reading;
  readonly secret: ExplainedSecret;
}

/** The secret that makes this password. Every one is tried, so that the time tells nothing. */
function madeBy(readings: readonly Reading[], username: string, password: string): Made | null {
  const given = Buffer.from(password);
  let found: Made | null = null;
  for (const reading of readings) {
    for (const secret of reading.app.secrets()) {
      const made = Buffer.from(restPassword(secret.value, username));
      const isIt = made.length === given.length && timingSafeEqual(made, given);
      found ??= isIt ? { reading, secret } : null;
    }
  }
  return found;
}

interface RestQuestion {
  readonly expiresAtS: number;
  /** All that follows the expiry. */
  readonly subject: string;
  readonly reading: Reading | null;
  readonly password: string | undefined;
  readonly made: Made | null;
}

function explainRest(sources: ExplainSources, question: RestQuestion): Explanation {
  const { expiresAtS, reading, password, made } = question;
  const nowS = sources.nowMs / 1000;
  const isExpired = expiresAtS <= nowS;
  const refusals = reading === null ? ['There is no app.'] : refusalsOf(sources, reading);
  const isSecretOver = made !== null && isOver(made.secret, sources.nowMs);
  const isWrong = password !== undefined && made === null;
  return {
    kind: 'time-limited',
    app: reading?.app.id ?? null,
    key: reading?.keyId ?? null,
    subject: reading?.subject ?? null,
    expiresAt: judgeExpiry(expiresAtS, nowS) === 'milliseconds' ? null : instant(expiresAtS * 1000),
    isExpired,
    secret: made?.secret.id ?? null,
    passwordMatches: password === undefined ? null : made !== null,
    accepted: !isExpired && refusals.length === 0 && !isSecretOver && !isWrong,
    findings: [
      expiryFinding(expiresAtS, nowS),
      ...prefixFinding(sources, question),
      ...refusals,
      ...(made === null ? [] : [secretFinding(made.secret, sources.nowMs)]),
      ...(isWrong
        ? [
            'No secret of the app makes this password: compare the secret of the issuing back end, and the username that it signed.',
          ]
        : []),
    ],
  };
}

function expiryFinding(expiresAtS: number, nowS: number): string {
  const leftS = Math.round(expiresAtS - nowS);
  switch (judgeExpiry(expiresAtS, nowS)) {
    case 'milliseconds':
      return 'The expiry is in milliseconds: the back end has to write seconds.';
    case 'clock-ahead':
      return `It expires in ${Math.round(leftS / 86_400)} days, longer than any app issues for: the clock of the back end is ahead.`;
    case 'good':
      return `It is good for another ${leftS} seconds.`;
    case 'just-over':
      return `It expired ${-leftS} seconds ago: compare the clocks of the back end and of this host, or issue with a longer TTL.`;
    case 'over':
      return `It expired ${-leftS} seconds ago: issue a fresh one.`;
  }
}

function prefixFinding({ app }: ExplainSources, { subject, reading }: RestQuestion): string[] {
  const named = parseNamedApp(subject);
  if (named === null || reading?.app.id === named.app) return [];
  const why =
    app(named.app) === null
      ? `There is no app "${named.app}"`
      : `No secret of the app "${named.app}" makes this password`;
  return [`${why}, so the whole of "${subject}" is a subject of the default app.`];
}

function refusalsOf(sources: ExplainSources, { app, keyId, subject }: Reading): string[] {
  return [
    ...(app.isEnabled ? [] : [`The app "${app.id}" is disabled.`]),
    ...(keyId === null || app.isLiveKey(keyId)
      ? []
      : [`The API key ${keyId} is revoked, or not of the app "${app.id}".`]),
    ...(app.quotaFinding === null ? [] : [app.quotaFinding]),
    ...banFindings(sources, { kind: 'subject', app: app.id, subject }),
  ];
}

function secretFinding(secret: ExplainedSecret, nowMs: number): string {
  const { id, acceptedUntilMs } = secret;
  if (acceptedUntilMs === null) return `The secret ${id} makes this password.`;
  const untilText = instant(acceptedUntilMs);
  return isOver(secret, nowMs)
    ? `The secret ${id} makes this password, and was accepted until ${untilText}: have the back end use the one that issues now.`
    : `The secret ${id} makes this password. It is retiring, and accepted until ${untilText}.`;
}

function explainUser(
  sources: ExplainSources,
  name: string,
  { origin, expiresAtMs, quotaFinding, isPassword }: ExplainedUser,
  password: string | undefined,
): Explanation {
  const isExpired = expiresAtMs !== null && expiresAtMs <= sources.nowMs;
  const passwordMatches = password === undefined ? null : isPassword(password);
  const bans = banFindings(sources, { kind: 'user', name });
  return {
    ...nothing,
    kind: 'turn-user',
    subject: name,
    expiresAt: expiresAtMs === null ? null : instant(expiresAtMs),
    isExpired,
    passwordMatches,
    accepted: !isExpired && quotaFinding === null && bans.length === 0 && passwordMatches !== false,
    findings: [
      origin === null ? 'It is a TURN user with a password of its own.' : `It is a TURN user that ${origin} sets.`,
      ...(isExpired ? ['The user has expired: set another expiresAt, or none.'] : []),
      ...(quotaFinding === null ? [] : [quotaFinding]),
      ...bans,
      ...(passwordMatches === false ? ['The password is not the one of this user.'] : []),
    ],
  };
}

function banFindings({ bans }: ExplainSources, target: BanTarget): string[] {
  return bans(target).map(({ id, reason }) => `The ban ${id} shuts it out: ${reason}`);
}

function isOver({ acceptedUntilMs }: ExplainedSecret, nowMs: number): boolean {
  return acceptedUntilMs !== null && acceptedUntilMs <= nowMs;
}
