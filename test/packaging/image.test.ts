import { cpSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { terminalEnvironment } from '../startup/npm-command.ts';
import { projectRoot, RunningProgram } from '../startup/running-program.ts';
import { tempDir } from '../support/temp-dir.ts';
import { contextFiles, copied, isInContext, readStages, valueOf } from './dockerfile.ts';

const buildTimeoutMs = 120_000;
const [globals = [], build = [], runtime = []] = readStages();
const copies = build.filter(({ name }) => name === 'COPY').flatMap((copy) => copied(copy).sources);

describe('the build context', () => {
  test.each(copies)('has %s, which the Dockerfile copies', (source) => {
    expect(existsSync(path.join(projectRoot, source))).toBe(true);
    expect(isInContext(source)).toBe(true);
  });

  test.each([
    'node_modules/fastify/package.json',
    'scripts/runtime/node_modules/left-over',
    '.git/config',
    'data/turn-secret',
    'dist/package/package.json',
    'turnpike.yaml',
    '.env',
    'privkey.pem',
    'test/packaging/image.test.ts',
    'docs/install.md',
  ])('has no %s', (file) => {
    expect(isInContext(file)).toBe(false);
  });
});

test(
  'the steps of the build stage, taken in their order, make the directory that the image copies',
  async () => {
    const root = tempDir();
    let cwd = root;
    const taken: string[] = [];
    for (const step of build) {
      if (step.name === 'WORKDIR') {
        cwd = path.join(root, step.value);
        mkdirSync(cwd, { recursive: true });
      } else if (step.name === 'COPY') {
        copyStep(copied(step), cwd);
      } else if (step.name === 'RUN') {
        taken.push(await runStep(step.value, { root, cwd }));
      }
    }
    expect(taken).toEqual(['system packages', 'npm packages', 'run']);
    const from = runtime.find(({ name, value }) => name === 'COPY' && value.startsWith('--from=build '));
    const [, source = '', destination = ''] = from?.value.split(' ') ?? [];
    expect(destination).toBe(source);
    for (const words of [valueOf(runtime, 'ENTRYPOINT'), valueOf(runtime, 'HEALTHCHECK').replace(/^.*CMD /, '')]) {
      const files = (JSON.parse(words) as string[]).filter((word) => word.startsWith('/'));
      expect(files.every((file) => file.startsWith(`${destination}/`) && existsSync(path.join(root, file)))).toBe(true);
    }
    const [program = '', ...args] = (JSON.parse(valueOf(runtime, 'ENTRYPOINT')) as string[]).map((word) =>
      path.join(root, word),
    );
    const version = new RunningProgram(program, [...args, 'version'], { cwd: root, env: {} });
    expect(await version.end).toEqual({ code: 0, signal: null });
  },
  buildTimeoutMs,
);

/** Copies what is in the build context, as COPY does: files into the destination, of a directory its contents. */
function copyStep({ sources, destination }: ReturnType<typeof copied>, cwd: string): void {
  for (const source of sources) {
    if (!statSync(path.join(projectRoot, source)).isDirectory()) {
      cpSync(path.join(projectRoot, source), path.join(cwd, destination, source));
      continue;
    }
    for (const file of contextFiles(source)) {
      cpSync(path.join(projectRoot, file), path.join(cwd, destination, path.relative(source, file)));
    }
  }
}

/** Packages are there already: the system's are this machine's, npm's are those of the project. Everything else is run. */
async function runStep(command: string, { root, cwd }: { root: string; cwd: string }): Promise<string> {
  if (command.startsWith('apt-get ')) return 'system packages';
  if (command.startsWith('npm ci ')) {
    symlinkSync(path.join(projectRoot, 'node_modules'), path.join(cwd, 'node_modules'));
    return 'npm packages';
  }
  const rerooted = command.replaceAll(/(?<= )\/(?=\w)/g, `${root}/`);
  const program = new RunningProgram('/bin/sh', ['-c', rerooted], { cwd, env: terminalEnvironment() });
  const end = await program.end;
  expect([end.code, program.output]).toEqual([0, expect.stringContaining('wrote')]);
  return 'run';
}

describe('the image', () => {
  test('is made from images whose tags are pinned to a release', () => {
    const images = globals.map(({ name, value }) => (name === 'ARG' ? value : ''));
    expect(images).toHaveLength(2);
    for (const image of images) {
      expect(image).toMatch(/^(DEBIAN=debian:\d+\.\d+-slim|NPM=node:\d+\.\d+\.\d+-\w+-slim)$/);
    }
    expect(build[0]?.value).toBe('${NPM} AS build');
    expect(runtime[0]?.value).toBe('${DEBIAN}');
  });

  test('runs as a user that has a number and is not root', () => {
    expect(valueOf(runtime, 'USER')).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    const [uid] = valueOf(runtime, 'USER').split(':');
    expect(valueOf(runtime, 'RUN')).toContain(`useradd --system --uid ${String(uid)} `);
  });

  test('keeps its state in the one volume, which that user owns', () => {
    const dataDir = valueOf(runtime, 'VOLUME');
    expect(valueOf(runtime, 'ENV')).toBe(`TURNPIKE_DATA_DIR=${dataDir}`);
    expect(valueOf(runtime, 'RUN')).toContain(`install -d -o turnpike -g turnpike -m 0700 ${dataDir} `);
  });

  test('is stopped by the signal that drains, sent to Node.js itself', () => {
    expect(valueOf(runtime, 'STOPSIGNAL')).toBe('SIGTERM');
    const [program] = JSON.parse(valueOf(runtime, 'ENTRYPOINT')) as string[];
    expect(program).toMatch(/\/bin\/node$/);
    expect(JSON.parse(valueOf(runtime, 'CMD'))).toEqual(['serve']);
  });

  test('bears the version of the package', () => {
    const { version } = JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8')) as { version: string };
    expect(runtime).toContainEqual({ name: 'ARG', value: `VERSION=${version}` });
  });

  test('takes nothing from the build but the layout', () => {
    const copiesOfRuntime = runtime.filter(({ name }) => name === 'COPY' || name === 'ADD');
    expect(copiesOfRuntime).toEqual([{ name: 'COPY', value: '--from=build /opt/turnpike /opt/turnpike' }]);
  });
});
