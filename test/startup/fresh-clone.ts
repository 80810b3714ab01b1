import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { tempDir } from '../support/temp-dir.ts';
import { npmConfig } from './npm-command.ts';
import { projectRoot } from './running-program.ts';

/** What a clone of the working tree would hold: every file that git knows or would add. */
export function freshClone(): string {
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: projectRoot,
  });
  const directory = path.join(tempDir(), 'turnpike');
  for (const file of list.toString().split('\0')) {
    if (file === '' || !existsSync(path.join(projectRoot, file))) continue;
    mkdirSync(path.dirname(path.join(directory, file)), { recursive: true });
    cpSync(path.join(projectRoot, file), path.join(directory, file));
  }
  return directory;
}

/**
 * A user without settings: an empty HOME. Where npm finds its registry and keeps its downloads is the machine's
 * business and stays, or this could not run behind a mirror.
 */
export async function emptyHome(): Promise<NodeJS.ProcessEnv> {
  const [registry, cache] = await Promise.all([npmConfig('registry'), npmConfig('cache')]);
  return { HOME: tempDir(), npm_config_registry: registry, npm_config_cache: cache };
}
