import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../golden/components', import.meta.url));

interface VariantName {
  name: string;
  parent?: string;
}

/**
 * Golden files of one node of one variant. Only what differs from the parent variant is there, so that a directory
 * shows what its version or condition changes; INDEX says which files exist at all.
 */
export function goldenVariant({ variants, name, node }: { variants: VariantName[]; name: string; node: string }) {
  const directory = join(ROOT, name, node);
  const parentName = variants.find((variant) => variant.name === name)?.parent;
  const parent = parentName === undefined ? undefined : goldenVariant({ variants, name: parentName, node });

  /** The text recorded nearest to this variant. */
  function recorded(path: string): string | undefined {
    const file = join(directory, path);
    return existsSync(file) ? readFileSync(file, 'utf8') : parent?.recorded(path);
  }

  return {
    recorded,

    /** What the golden files say: the text of every path that INDEX lists as a rendered file. */
    read(): Map<string, string> {
      const index = recorded('INDEX') ?? '';
      const rendered = index.split('\n').flatMap((line) => /^ {2}[0-7]{3} (\S+)(?: once)?$/.exec(line)?.[1] ?? []);
      const stray = ownFiles(directory).filter((path) => path !== 'INDEX' && !rendered.includes(`/${path}`));
      if (stray.length > 0) throw new Error(`${directory} holds files that INDEX does not list: ${stray}`);
      return new Map(['INDEX', ...rendered].map((path) => [path, recorded(path) ?? 'not recorded']));
    },

    write(files: ReadonlyMap<string, string>): void {
      rmSync(directory, { recursive: true, force: true });
      for (const [path, text] of files) {
        if (parent?.recorded(path) === text) continue;
        mkdirSync(dirname(join(directory, path)), { recursive: true });
        writeFileSync(join(directory, path), text);
      }
    },
  };
}

function ownFiles(directory: string): string[] {
  if (!existsSync(directory)) return [];
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1));
}
