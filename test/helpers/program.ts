import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The program as users run it. */
export const PROGRAM = `${ROOT}dist/cli.js`;

/** Before any test, so that those which start the program start what is in src/ now. */
export default function build(): void {
  if (!isBuilt()) execFileSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, stdio: 'inherit' });
}

/** A folder counts too: its time tells that a file of it was removed. */
function isBuilt(): boolean {
  const built = statSync(PROGRAM, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const source = join(ROOT, 'src');
  const inside = readdirSync(source, { recursive: true, encoding: 'utf8' }).map((name) => join(source, name));
  const settings = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'].map((name) => join(ROOT, name));
  return [source, ...inside, ...settings].every((path) => statSync(path).mtimeMs < built);
}
