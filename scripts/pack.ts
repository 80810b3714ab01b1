/** `npm run pack`: builds the package and packs it into dist/, ready for `npm install <tarball>`. */
import path from 'node:path';
import { buildPackage, packageDirectory } from './build.ts';
import { runProgram } from './run-program.ts';

await buildPackage(packageDirectory);
const destination = path.dirname(packageDirectory);
const args = ['pack', packageDirectory, '--pack-destination', destination, '--loglevel=error'];
const { exitCode } = await runProgram('npm', args, 'inherit');
process.exitCode = exitCode;
