// Writes the verifier as one file without dependencies: dist/pacta-verify.js. With --check, builds
// it again and compares the bytes, so that anyone can see what the committed file was made from.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const directory = fileURLToPath(new URL('.', import.meta.url));
const file = new URL('dist/pacta-verify.js', import.meta.url);
const { outputFiles } = await build({
  absWorkingDir: directory,
  entryPoints: ['cli.js'],
  bundle: true,
  charset: 'utf8',
  format: 'esm',
  legalComments: 'inline',
  outfile: 'dist/pacta-verify.js',
  platform: 'node',
  target: 'node20',
  write: false,
});
const built = Buffer.from(outputFiles[0].contents);
if (!process.argv.includes('--check')) {
  writeFileSync(file, built);
} else if (!built.equals(readFileSync(file))) {
  process.stderr.write('dist/pacta-verify.js is not what its sources give: npm run bundle\n');
  process.exitCode = 1;
}
