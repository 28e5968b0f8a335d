/* The cluster in a line of figures. */
import { el, follow, foreign, setClass, setContent } from './dom.js';
import { age, count, duration } from './words.js';

/** More than that is red, as it is in `status`. */
const MOST_LAG_MS = 1_000;
const SOON_DAYS = 60;
const DAY_MS = 86_400_000;

export function drawTiles(state) {
  follow(document.getElementById('tiles'), tilesOf(state), {
    key: ({ label }) => label,
    create: () => el('div', {}, el('dt'), el('dd', { class: 'figure' }), el('dd', { class: 'context' })),
    update(tile, { label, figure, of = '', context, level = '' }) {
      const [name, value, words] = tile.children;
      setClass(tile, level);
      setContent(name, label);
      setContent(value, figure, el('small', {}, of));
      setContent(words, foreign(context));
    },
  });
}

function tilesOf({ status, summary, snapshots, log, nowMs }) {
  return [
    ...(status === null ? [] : clusterTiles(status.document, summary)),
    snapshotTile(snapshots, nowMs),
    ...logTile(log),
    ...(status === null ? [] : certificateTile(status.document, nowMs)),
  ];
}

function clusterTiles({ incarnation }, { nodes, ready, etcd }) {
  const { voters, answering, needed, hasQuorum } = etcd;
  const spare = answering - needed;
  return [
    {
      label: 'Nodes ready',
      figure: String(ready),
      of: ` / ${nodes.length}`,
      context: ready === nodes.length ? 'all of them' : `${nodes.length - ready} not`,
      level: ready === nodes.length ? 'good' : 'bad',
    },
    {
      label: 'etcd',
      figure: String(answering),
      of: ` / ${voters}`,
      context: hasQuorum ? (spare > 0 ? `quorum, ${spare} may be lost` : 'quorum, none may be lost') : 'no quorum',
      level: hasQuorum ? (answering === voters ? 'good' : 'warn') : 'bad',
    },
    { label: 'Incarnation', figure: String(incarnation), context: 'life of its data' },
  ];
}

function snapshotTile([newest], nowMs) {
  if (newest === undefined)
    return { label: 'Last snapshot', figure: 'none', context: 'nothing to restore from', level: 'bad' };
  const { takenAt, objects, problems } = newest;
  const restorable = problems.length === 0;
  return {
    label: 'Last snapshot',
    figure: age(nowMs - Date.parse(takenAt)),
    context: restorable ? `old, ${count(objects, 'object')}` : 'old, cannot be restored',
    level: restorable ? '' : 'bad',
  };
}

function logTile(log) {
  if (log === null) return [];
  const { lagMs, node, problem } = log;
  const good = problem === undefined && lagMs <= MOST_LAG_MS;
  return [
    {
      label: 'Change log behind',
      figure: duration(lagMs),
      context: problem ?? (node === '' ? 'nobody is followed yet' : `follows ${node}`),
      level: good ? 'good' : 'bad',
    },
  ];
}

function certificateTile({ authorities }, nowMs) {
  const [first] = authorities.toSorted((a, b) => Date.parse(a.ends) - Date.parse(b.ends));
  if (first === undefined) return [];
  const days = Math.floor((Date.parse(first.ends) - nowMs) / DAY_MS);
  return [
    {
      label: 'Certificates',
      figure: String(days),
      of: ' days',
      context: `until the ${first.id} CA ends`,
      level: days <= SOON_DAYS ? 'bad' : '',
    },
  ];
}
