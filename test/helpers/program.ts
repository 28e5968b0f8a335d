import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from '../../lab/build/build-lock.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BUILT = 'dist/cli.js';

/** The program as users run it. Whoever starts it has called `ensureProgram` before, or is a test. */
export const PROGRAM = join(ROOT, BUILT);

/** Builds the program unless it is that of what is in src/ now. Only one builds at a time. */
export function ensureProgram(root = ROOT): Promise<void> {
  return withLock({ name: `program ${root}`, onWait: () => {} }, async () => {
    if (!isBuilt(root)) execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' });
  });
}

/** Before any test, so that those which start the program start what is in src/ then. */
export default (): Promise<void> => ensureProgram();

/** A folder counts too: its time tells that a file of it was removed. */
function isBuilt(root: string): boolean {
  const built = statSync(join(root, BUILT), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const source = join(root, 'src');
  const inside = readdirSync(source, { recursive: true, encoding: 'utf8' }).map((name) => join(source, name));
  const settings = ['package.json', 'package-lock.json'].map((name) => join(root, name));
  return [source, ...inside, ...settings].every((path) => statSync(path).mtimeMs < built);
}
