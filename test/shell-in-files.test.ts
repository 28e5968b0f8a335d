import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

/** What a shell program has and a single command with its arguments has not. */
const SHELL = /\bset -\w*e|; (do|then)\b|\bbash -[cs]\b|\bsh -c\b|\|\| (true|:)|>\/dev\/null|>&[12]\b/;
/** How a script of manifests/node is run. */
const RUNS_SCRIPTS = 'src/ssh/bash-script.ts';
const COMMENT = /^\s*(\/\/|\/?\*)/;

it('shell that runs on nodes is in files of manifests/node, which shellcheck reads; TypeScript gives the arguments', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .map((name) => join('src', name))
    .filter((path) => path.endsWith('.ts') && path !== RUNS_SCRIPTS);
  const found = files.flatMap((path) =>
    readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => SHELL.test(line) && !COMMENT.test(line))
      .map((line) => `${path}: ${line.trim()}`),
  );
  expect(found).toEqual([]);
});
