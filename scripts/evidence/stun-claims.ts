import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Claim, Observation } from './claim.ts';
import { longTermKey } from '../../server/credentials/long-term-key.ts';
import { projectRoot } from '../run-program.ts';

/** The part of the package stun, which has no types of its own, that the experiments call. */
interface StunPackage {
  decode(bytes: Buffer): unknown;
  encode(message: unknown): Buffer;
  validateFingerprint(message: unknown): boolean;
  validateMessageIntegrity(message: unknown, key: string | Uint8Array): boolean;
}

const stun = createRequire(import.meta.url)('stun') as StunPackage;

/** RFC 5769 section 2: the password of 2.1 to 2.3, and the key of 2.4 made of the names given there. */
const shortTermPassword = 'VOkJxbRl1RmTxUk/WvJxBt';
const longTerm = longTermKey('md5', '\u30DE\u30C8\u30EA\u30C3\u30AF\u30B9', 'example.org', 'TheMatrIX');

const samples = [
  { name: 'RFC 5769 2.1', key: shortTermPassword, hasFingerprint: true },
  { name: 'RFC 5769 2.2', key: shortTermPassword, hasFingerprint: true },
  { name: 'RFC 5769 2.3', key: shortTermPassword, hasFingerprint: true },
  { name: 'RFC 5769 2.4', key: longTerm, hasFingerprint: false },
] as const;

function sampleBytes(name: string): Buffer {
  const file = path.join(projectRoot, 'test/vectors/published-messages.json');
  const published = JSON.parse(readFileSync(file, 'utf8')) as Record<string, { hex: string[] }>;
  const sample = published[name];
  if (sample === undefined) throw new Error(`${file} has no ${name}`);
  return Buffer.from(sample.hex.join('').replaceAll(' ', ''), 'hex');
}

/** What the package says of a published sample, which is valid: an empty list when it agrees. */
function disagreements({ name, key, hasFingerprint }: (typeof samples)[number]): string[] {
  const bytes = sampleBytes(name);
  try {
    const message = stun.decode(bytes);
    return [
      ...(stun.encode(message).equals(bytes) ? [] : ['encodes to other bytes']),
      ...(hasFingerprint && !stun.validateFingerprint(message) ? ['FINGERPRINT refused'] : []),
      ...(stun.validateMessageIntegrity(message, key) ? [] : ['MESSAGE-INTEGRITY refused']),
    ];
  } catch (error) {
    return [`throws ${String(error)}`];
  }
}

function publishedVectors(): Promise<Observation> {
  const results = samples.map((sample) => ({ name: sample.name, found: disagreements(sample) }));
  return Promise.resolve({
    holds: results.some(({ found }) => found.length > 0),
    seen: results.map(({ name, found }) => `${name}: ${found.join(', ') || 'agrees'}`).join('; '),
  });
}

/** The first release of parse-url without CVE-2022-2900 (server-side request forgery). */
const firstFixedMajor = 8;
const firstFixedMinor = 1;

function lockedParseUrl(): Promise<Observation> {
  const lock = JSON.parse(readFileSync(path.join(projectRoot, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version?: string; dependencies?: Record<string, string> } | undefined>;
  };
  const stunEntry = lock.packages['node_modules/stun'];
  const version = lock.packages['node_modules/parse-url']?.version ?? 'none';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return Promise.resolve({
    holds: major < firstFixedMajor || (major === firstFixedMajor && minor < firstFixedMinor),
    seen: `package-lock.json: stun ${stunEntry?.version ?? 'none'} -> parse-url ${
      stunEntry?.dependencies?.['parse-url'] ?? 'none'
    }, installed ${version}; fixed in ${firstFixedMajor}.${firstFixedMinor}.0`,
  });
}

/** What is said of stun 2.1.0. */
export const stunClaims: readonly Claim[] = [
  { statement: "stun fails RFC 5769's own vectors", observe: publishedVectors },
  { statement: 'stun depends on a parse-url with an open CVE (CVE-2022-2900)', observe: lockedParseUrl },
];
