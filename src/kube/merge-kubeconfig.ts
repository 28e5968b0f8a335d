import { type Document, isMap, isSeq, parse, parseDocument, type YAMLMap, YAMLSeq } from 'yaml';
import { usageError } from '../errors.js';

interface Named {
  name: string;
}
interface Kubeconfig {
  clusters: (Named & { cluster: { 'certificate-authority-data': string } })[];
  contexts: (Named & { context: { cluster: string; user: string } })[];
  users: Named[];
  'current-context': string;
}

export interface MergeKubeconfig {
  /** Path of the file, for messages. */
  file: string;
  /** What stands in it; undefined where there is none. */
  text: string | undefined;
  /** What goes into it: one that we wrote, for one cluster. */
  own: string;
  /** What its first context is to be called, and what all else of it begins with. Default: as in `own`. */
  name?: string;
}

export interface MergedKubeconfig {
  text: string;
  /** Of the first control plane. */
  context: string;
}

const KINDS = ['clusters', 'contexts', 'users'] as const;

/**
 * A cluster's entries among those of others, which stay as they are, comments among them. Entries of the same name are
 * replaced where the cluster that they lead to has the same authority. Whatever context is chosen stays chosen.
 *
 * @throws usage errors `kubeconfig-unreadable`, `kubeconfig-name-taken`
 */
export function mergeKubeconfig({ file, text, own, name }: MergeKubeconfig): MergedKubeconfig {
  const ours = named(parse(own) as Kubeconfig, name);
  const document = readDocument(file, text);
  refuseTaken(file, document, ours);
  for (const kind of KINDS) put(document, kind, ours[kind]);
  const context = ours['current-context'];
  if (!document.get('current-context')) document.set('current-context', context);
  return { text: document.toString({ lineWidth: 0 }), context };
}

/** Under another name than its own: the first context has exactly that. */
function named(config: Kubeconfig, name: string | undefined): Kubeconfig {
  if (name === undefined) return config;
  const [first] = config.contexts;
  // All of them begin with the cluster's name and a hyphen.
  const prefix = config.users[0]?.name.replace(/-admin$/, '') ?? '';
  const renamed = (old: string): string => `${name}${old.slice(prefix.length)}`;
  const contextNamed = (old: string): string => (old === first?.name ? name : renamed(old));
  return {
    ...config,
    clusters: config.clusters.map((each) => ({ ...each, name: renamed(each.name) })),
    users: config.users.map((each) => ({ ...each, name: renamed(each.name) })),
    contexts: config.contexts.map(({ name: old, context, ...more }) => ({
      ...more,
      name: contextNamed(old),
      context: { ...context, cluster: renamed(context.cluster), user: renamed(context.user) },
    })),
    'current-context': name,
  };
}

function readDocument(file: string, text: string | undefined): Document {
  const document = parseDocument(text?.trim() ? text : 'apiVersion: v1\nkind: Config\n');
  const [problem] = document.errors;
  const isConfig = problem === undefined && isMap(document.contents) && KINDS.every((kind) => isList(document, kind));
  if (isConfig) return document;
  throw usageError({
    code: 'kubeconfig-unreadable',
    message: `${file} is no kubeconfig that could be added to${problem ? `: ${problem.message.split('\n')[0]}` : ''}`,
    hint: 'put it right, or name another file with --to; nothing was changed',
  });
}

function isList(document: Document, kind: string): boolean {
  const value = document.get(kind);
  return value === undefined || value === null || isSeq(value);
}

/** Entries as they stand in the file. */
const entriesOf = (document: Document, kind: string): YAMLMap[] => {
  const list = document.get(kind);
  return isSeq(list) ? list.items.filter((item) => isMap(item)) : [];
};

function refuseTaken(file: string, document: Document, ours: Kubeconfig): void {
  const authority = ours.clusters[0]?.cluster['certificate-authority-data'];
  const isOurs = (name: string): boolean => {
    const found = entriesOf(document, 'clusters').find((entry) => entry.get('name') === name);
    return found?.getIn(['cluster', 'certificate-authority-data']) === authority;
  };
  const taken = KINDS.flatMap((kind) =>
    ours[kind].flatMap(({ name }) => {
      const there = entriesOf(document, kind).find((entry) => entry.get('name') === name);
      if (there === undefined) return [];
      const leadsTo = kind === 'contexts' ? String(there.getIn(['context', 'cluster'])) : name;
      const isKnown = kind === 'users' ? ours.clusters.some((each) => isOurs(each.name)) : isOurs(leadsTo);
      return isKnown ? [] : [name];
    }),
  );
  if (taken.length === 0) return;
  throw usageError({
    code: 'kubeconfig-name-taken',
    message: `${file} has entries of another cluster called ${[...new Set(taken)].join(', ')}`,
    hint: 'give this one another name there: --context NAME; nothing was changed',
  });
}

function put(document: Document, kind: string, entries: readonly Named[]): void {
  const known = document.get(kind);
  const list = isSeq(known) ? known : new YAMLSeq();
  for (const entry of entries) {
    const node = document.createNode(entry);
    const at = list.items.findIndex((item) => isMap(item) && item.get('name') === entry.name);
    if (at < 0) list.add(node);
    else list.items[at] = node;
  }
  document.set(kind, list);
}
