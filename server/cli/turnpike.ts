#!/usr/bin/env node
// The command that the package installs. It is started by whatever Node.js its user has: an old one must understand this file,
// so what needs a newer one is loaded when the version is known to do.
import { readFileSync } from 'node:fs';

const manifestUrl = new URL('../../package.json', import.meta.url);
const { engines } = JSON.parse(readFileSync(manifestUrl, 'utf8')) as { engines: { node: string } };
const [wantedMajor = 0, wantedMinor = 0] = numbers(engines.node);
const [major = 0, minor = 0] = numbers(process.versions.node);

if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) {
  const { runCommandLine } = await import('./main.ts');
  await runCommandLine();
} else {
  const found = `${process.execPath} is ${process.versions.node}`;
  process.stderr.write(`turnpike: Node.js ${wantedMajor}.${wantedMinor} or newer is needed; ${found}.\n`);
  process.exitCode = 1;
}

function numbers(version: string): number[] {
  return (version.match(/\d+/g) ?? []).map(Number);
}
