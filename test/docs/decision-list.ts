import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = 'docs/decisions';

/** Every decision with its title, in the order of their numbers. */
export function decisionList(): string {
  const files = readdirSync(FOLDER).filter((name) => /^\d{4}-.*\.md$/.test(name));
  const lines = files.toSorted().map((name) => {
    const [, title = ''] = /^# (.+)$/m.exec(readFileSync(join(FOLDER, name), 'utf8')) ?? [];
    return `* [${title}](${name})`;
  });
  return ['', ...lines].join('\n');
}
