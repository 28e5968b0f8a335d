import { readFile } from 'node:fs/promises';
import { LineCounter, parseAllDocuments } from 'yaml';
import { DisklessError, usageError } from '../errors.js';
import { packageFile } from '../package-files.js';
import type { KubeObject } from './objects.js';

/** What `${NAME}` stands for; a scalar that is nothing but a placeholder takes the value's type. */
export type ManifestValues = Readonly<Record<string, string | number | boolean>>;

const MANIFESTS = packageFile('manifests/');
const PLACEHOLDER = /\$\{([^}]*)\}/g;

export interface BundledManifestOptions {
  /** File name in manifests/, e.g. `coredns.yaml`. */
  name: string;
  values?: ManifestValues;
}

/** Objects of one of our own manifests, in the order of the file. */
export async function bundledManifest({ name, values = {} }: BundledManifestOptions): Promise<KubeObject[]> {
  const text = await readFile(new URL(name, MANIFESTS), 'utf8');
  return parseManifest({ text, source: `manifests/${name}`, values });
}

export interface ParseManifestOptions {
  text: string;
  /** Named in errors: a path or URL. */
  source: string;
  /** Without values nothing is substituted: other people's manifests hold shell scripts. */
  values?: ManifestValues;
}

/** Objects of a YAML stream in its order, `List`s flattened. */
export function parseManifest({ text, source, values }: ParseManifestOptions): KubeObject[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines });
  if ('empty' in documents) return [];
  return documents.flatMap((document) => {
    const [fault] = document.errors;
    const { line, col } = lines.linePos(fault?.pos[0] ?? document.contents?.range?.[0] ?? document.range[0]);
    const place = `${source}:${line}:${col}`;
    if (fault) throw usageError({ code: 'manifest-invalid', message: `${place} ${firstLine(fault.message)}` });
    const value: unknown = document.toJS();
    if (value === null || value === undefined) return [];
    return flatten(values === undefined ? value : substitute(value, values, place), place);
  });
}

function flatten(value: unknown, place: string): KubeObject[] {
  if (isList(value)) return value.items.flatMap((item) => flatten(item, place));
  if (isKubeObject(value)) return [value];
  throw usageError({
    code: 'manifest-invalid',
    message: `${place} is not a Kubernetes object: apiVersion, kind or metadata.name is missing`,
  });
}

/** In parsed scalars, not in the text: a value can then never change the structure around it. */
function substitute(value: unknown, values: ManifestValues, place: string): unknown {
  if (Array.isArray(value)) return value.map((item) => substitute(item, values, place));
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, item]) => [key, substitute(item, values, place)]);
    return Object.fromEntries(entries);
  }
  return typeof value === 'string' ? fill(value, values, place) : value;
}

function fill(text: string, values: ManifestValues, place: string): string | number | boolean {
  const lookUp = (name: string): string | number | boolean => {
    const found = Object.hasOwn(values, name) ? values[name] : undefined;
    if (found !== undefined) return found;
    throw new DisklessError({ code: 'manifest-placeholder', message: `${place} nothing is known for \${${name}}` });
  };
  const [only] = text.matchAll(PLACEHOLDER);
  if (only && only[0] === text) return lookUp(only[1] ?? '');
  return text.replace(PLACEHOLDER, (_, name: string) => String(lookUp(name)));
}

function isList(value: unknown): value is { items: unknown[] } {
  if (typeof value !== 'object' || value === null || !('kind' in value) || !('items' in value)) return false;
  return typeof value.kind === 'string' && value.kind.endsWith('List') && Array.isArray(value.items);
}

function isKubeObject(value: unknown): value is KubeObject {
  if (typeof value !== 'object' || value === null) return false;
  const { apiVersion, kind, metadata } = value as Partial<KubeObject>;
  return typeof apiVersion === 'string' && typeof kind === 'string' && typeof metadata?.name === 'string';
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
