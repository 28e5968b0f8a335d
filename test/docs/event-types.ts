import { readFileSync } from 'node:fs';

const SOURCES = [
  { heading: '`up`, `plan`', file: 'src/runner/events.ts', union: 'RunEventBody' },
  { heading: '`boot serve`', file: 'src/boot/server/boot-events.ts', union: 'BootEventBody' },
];

/** The types of events, word for word as the sources have them. */
export function eventTypes(): string {
  return SOURCES.map(({ heading, file, union }) => {
    const source = readFileSync(file, 'utf8');
    const own = declarationOf(source, union);
    const named = [...new Set(own.match(/\b[A-Z]\w+/g))].filter((name) => name !== union);
    const below = named.map((name) => declarationOf(source, name)).filter(Boolean);
    return `\n## ${heading}\n\n\`\`\`ts\n${[own, ...below].join('\n\n')}\n\`\`\``;
  }).join('\n');
}

/** `type NAME = …;` or `interface NAME {…}` with the comment above it; empty for one from elsewhere. */
function declarationOf(source: string, name: string): string {
  const pattern = `(?:/\\*\\*(?:(?!\\*/)[\\s\\S])*\\*/\\n)?export (?:type ${name} =[\\s\\S]*?;\\n(?=\\n|$)|interface ${name} [\\s\\S]*?\\n}\\n)`;
  return (new RegExp(pattern).exec(source)?.[0] ?? '').trim().replaceAll('export ', '');
}
