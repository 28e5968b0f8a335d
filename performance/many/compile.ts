import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const OPERATOR = 'performance/many/operator-process';

/** What compiled code looks for beside itself. */
const BESIDE = ['package.json', 'node_modules', 'pki', 'manifests'];

/**
 * The operator's program as plain JavaScript, as users run it: with a loader of TypeScript in its process half of what is
 * measured would be the loader's.
 *
 * @returns its path.
 */
export function compileOperator(directory: string): string {
  const out = join(directory, 'operator');
  mkdirSync(out);
  const compilerOptions = { noEmit: false, noCheck: true, types: [], rootDir: ROOT, outDir: out };
  const project = { extends: join(ROOT, 'tsconfig.json'), compilerOptions, files: [join(ROOT, `${OPERATOR}.ts`)] };
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify({ ...project, include: [] }));
  execFileSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', directory], { stdio: 'inherit' });
  for (const name of BESIDE) symlinkSync(join(ROOT, name), join(out, name));
  return join(out, `${OPERATOR}.js`);
}
