import {
  type Alias,
  type Document,
  type ErrorCode,
  isCollection,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import { type ConfigPath, formatPath } from './problems.js';

interface PlaceOptions {
  /** The place of the key, not of its value. */
  ofKey?: boolean;
  /** Characters into the text of a value. */
  offset?: number;
}

/** One YAML file that still knows where everything stands. */
export interface YamlSource {
  /** Plain data; undefined when there are problems. */
  value: unknown;
  /** Syntax errors, duplicate keys, unknown tags: `file:line:col message`. */
  problems: string[];
  /** Whether the path itself is written in the file. */
  has(path: ConfigPath): boolean;
  /** Characters before the path's value; of a path that is not there, before the mapping it would stand in. */
  offset(path: ConfigPath, options?: PlaceOptions): number;
  /** The same as `file:line:col path`. */
  place(path: ConfigPath, options?: PlaceOptions): string;
}

/** @param file Name shown in places, as the user gave it. */
export function parseYaml(file: string, text: string): YamlSource {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const problems = [
    ...[...document.errors, ...document.warnings].map(
      ({ code, pos, message }) => `${at(pos[0])} ${OWN_WORDS[code] ?? message}`,
    ),
    ...danglingAliases(document).map((alias) => `${at(startOf(alias))} the anchor of *${alias.source} is not there`),
  ];
  const plain = problems.length > 0 ? { value: undefined, problems } : toPlain(document, at);
  return {
    ...plain,
    has: (path) => document.hasIn(path),
    offset: (path, options = {}) => offsetOf(document, path, options),
    place: (path, options = {}) => `${at(offsetOf(document, path, options))} ${formatPath(path) || 'the file'}`,
  };
}

/** Where the parser's own message speaks to programmers. */
const OWN_WORDS: Partial<Record<ErrorCode, string>> = {
  DUPLICATE_KEY: 'this key is given twice',
  MULTIPLE_DOCS: 'a second document begins here; only one is read',
};

function danglingAliases(document: Document.Parsed): Alias[] {
  const dangling: Alias[] = [];
  visit(document, {
    Alias: (_key, alias) => {
      if (alias.resolve(document) === undefined) dangling.push(alias);
    },
  });
  return dangling;
}

/** Aliases that multiply into more than memory holds are found only now. */
function toPlain(document: Document.Parsed, at: (offset: number) => string): { value: unknown; problems: string[] } {
  try {
    return { value: document.toJS(), problems: [] };
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    return { value: undefined, problems: [`${at(0)} ${error.message}`] };
  }
}

function offsetOf(document: Document.Parsed, path: ConfigPath, { ofKey, offset }: PlaceOptions): number {
  if (ofKey) return keyOffset(document, path) ?? startOf(nearestNode(document, path));
  const node = nearestNode(document, path);
  return startOf(node) + (offset === undefined ? 0 : textOffset(node, offset));
}

/** The node at the path, or the innermost mapping or list on the way to it. */
function nearestNode(document: Document.Parsed, path: ConfigPath): Node | null {
  let node: Node | null = document.contents;
  for (const part of path) {
    const next: unknown = isCollection(node) ? node.get(part, true) : undefined;
    if (!isNode(next)) break;
    node = next;
  }
  return node;
}

function keyOffset(document: Document.Parsed, path: ConfigPath): number | undefined {
  const parent = nearestNode(document, path.slice(0, -1));
  if (!isMap(parent)) return undefined;
  const key = parent.items.map((pair) => pair.key).find((node) => isScalar(node) && String(node.value) === path.at(-1));
  return isScalar(key) ? startOf(key) : undefined;
}

function startOf(node: Node | null): number {
  return node?.range?.[0] ?? 0;
}

/** Exact for text on one line; block scalars point at their beginning. */
function textOffset(node: Node | null, offset: number): number {
  if (!isScalar(node)) return 0;
  if (node.type === 'PLAIN') return offset;
  return node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE' ? offset + 1 : 0;
}
