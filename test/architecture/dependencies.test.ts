import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { projectRoot } from './sources.ts';

/** One import that a rule forbids: the importing file, the imported one or a package, and the rule that must say so. */
const forbidden: [rule: string, from: string, to: string][] = [
  ['contract-imports', 'server/contract/a.ts', '../stun/b.ts'],
  ['contract-is-browser-safe', 'server/contract/b.ts', 'node:crypto'],
  ['stun-imports', 'server/stun/a.ts', '../turn/b.ts'],
  ['seam-imports', 'server/seam/a.ts', '../turn/b.ts'],
  ['seam-holds-types', 'server/seam/b.ts', '../stun/b.ts'],
  ['credentials-imports', 'server/credentials/a.ts', '../stun/b.ts'],
  ['turn-imports', 'server/turn/a.ts', '../relay/b.ts'],
  ['pure-rooms-know-no-system', 'server/turn/c.ts', 'node:dgram'],
  ['media-path-has-no-packages', 'server/turn/d.ts', 'pino'],
  ['relay-imports', 'server/relay/a.ts', '../turn/b.ts'],
  ['transport-imports', 'server/transport/a.ts', '../relay/b.ts'],
  ['config-imports', 'server/config/a.ts', '../stun/b.ts'],
  ['telemetry-imports', 'server/telemetry/a.ts', '../app/b.ts'],
  ['api-imports', 'server/api/a.ts', '../turn/b.ts'],
  ['app-imports', 'server/app/a.ts', '../cli/b.ts'],
  ['cli-imports', 'server/cli/a.ts', '../turn/b.ts'],
  ['known-rooms', 'server/app/c.ts', '../attic/b.ts'],
  ['server-ships-no-development-package', 'server/app/d.ts', 'node-turn'],
  ['server-stands-alone', 'server/app/e.ts', '../../test/b.ts'],
  ['no-cycle', 'server/app/f.ts', './f.ts'],
  ['resolvable', 'server/app/g.ts', './missing.ts'],
];

/** Imports of the same kinds that the layout allows. */
const allowed: [from: string, to: string][] = [
  ['server/turn/x.ts', 'node:crypto'],
  ['server/turn/y.ts', '../stun/b.ts'],
  ['server/config/x.ts', '../stun/cidr.ts'],
  ['server/cli/x.ts', '../app/b.ts'],
  ['server/api/x.ts', 'fastify'],
];

interface Violation {
  readonly from: string;
  readonly rule: { readonly name: string };
}

let directory: string;
let violations: readonly Violation[];

beforeAll(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'turnpike-dependencies-'));
  for (const file of ['.dependency-cruiser.cjs', 'tsconfig.json', 'package.json']) {
    cpSync(path.join(projectRoot, file), path.join(directory, file));
  }
  symlinkSync(path.join(projectRoot, 'node_modules'), path.join(directory, 'node_modules'));
  for (const [, from, to] of forbidden) plant(from, to);
  for (const [from, to] of allowed) plant(from, to);
  plant('server/app/orphan.ts', undefined);
  violations = await cruise();
});

afterAll(() => rmSync(directory, { recursive: true }));

function plant(from: string, to: string | undefined): void {
  const file = path.join(directory, from);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, to === undefined ? 'export {};\n' : `import * as b from '${to}';\nexport const a = b;\n`);
  if (to?.startsWith('.') !== true || to.includes('missing') || path.basename(to) === path.basename(from)) return;
  const target = path.join(path.dirname(file), to);
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, 'export const b = 1;\n');
}

async function cruise(): Promise<readonly Violation[]> {
  const program = path.join(projectRoot, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
  const args = [program, '--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'server'];
  const end = await promisify(execFile)(process.execPath, args, { cwd: directory, maxBuffer: 64 << 20 }).catch(
    (error: unknown) => error as { stdout: string },
  );
  return (JSON.parse(end.stdout) as { summary: { violations: Violation[] } }).summary.violations;
}

test.each(forbidden)('%s: %s may not import %s', (rule, from) => {
  expect(violations.filter((found) => found.from === from).map((found) => found.rule.name)).toContain(rule);
});

test.each(allowed)('%s may import %s', (from) => {
  expect(violations.filter((found) => found.from === from)).toEqual([]);
});

test('no-orphan: a file that nothing imports and that imports nothing', () => {
  expect(violations).toContainEqual(
    expect.objectContaining({
      from: 'server/app/orphan.ts',
      rule: expect.objectContaining({ name: 'no-orphan' }) as unknown,
    }),
  );
});
