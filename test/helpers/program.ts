import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The program as users run it. */
export const PROGRAM = `${ROOT}dist/cli.js`;

/** Before any test, so that those which start the program start what is in src/ now. */
export default function build(): void {
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, stdio: 'inherit' });
}
