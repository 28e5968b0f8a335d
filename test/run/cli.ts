import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { toDisklessError } from '../../src/errors.js';
import { parseArguments } from './arguments.js';
import { createChildren } from './children.js';
import { runOrder } from './run-order.js';

/* The three lanes of the tests: see CONTRIBUTING.md. */

const reports = mkdtempSync(join(tmpdir(), 'k8s-diskless-test-'));
const children = createChildren();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    children.interrupt();
    process.exitCode = 128 + constants.signals[signal];
  });
}

try {
  const { text, exit } = await runOrder(parseArguments(process.argv.slice(2)), { children, reports });
  process.stdout.write(text);
  process.exitCode ??= exit;
} catch (thrown) {
  const error = toDisklessError(thrown);
  process.stderr.write(`${[error.message, error.hint].filter((line) => line !== undefined).join('\n')}\n`);
  process.exitCode = error.exit;
} finally {
  rmSync(reports, { recursive: true, force: true });
}
