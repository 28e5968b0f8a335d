import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { whereIs } from '../../run/programs.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A directory with the programs that the fast lane may start, and no other. */
    programs: string;
  }
}

/** Beside Node and git only what each machine with a POSIX shell has. */
const PROGRAMS = ['npm', 'npx', 'git', 'sh', 'bash', 'env'];
const UTILITIES = `awk basename cat chmod cut cp date dd df dirname du echo expr false find grep head id install ln ls
  mkdir mkfifo mktemp mv nproc od printf pwd readlink realpath rm rmdir sed seq sha256sum sha512sum sleep sort stat
  stty sync tail tee test timeout touch tr true truncate tty uname uniq wc xargs`.split(/\s+/);

const STAND_IN = fileURLToPath(new URL('ssh.sh', import.meta.url));

/** Once for a run of the fast lane: what a test starts beyond these is not there, whatever this machine has. */
export default function linkPrograms(project: TestProject): () => void {
  const directory = mkdtempSync(join(tmpdir(), 'k8s-diskless-programs-'));
  symlinkSync(process.execPath, join(directory, 'node'));
  symlinkSync(STAND_IN, join(directory, 'ssh'));
  for (const name of [...PROGRAMS, ...UTILITIES]) {
    const path = whereIs(name, process.env);
    if (path !== undefined) symlinkSync(path, join(directory, name));
  }
  project.provide('programs', directory);
  return () => rmSync(directory, { recursive: true, force: true });
}
