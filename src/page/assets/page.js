/* The page: one state, sent by `serve` and changed by what it sends next; drawn anew each second, and when it changes. */
import { setClass, setText } from './dom.js';
import { drawNodes } from './nodes.js';
import { drawEtcd, drawEvents, drawProblems, drawSnapshots } from './tables.js';
import { drawTiles } from './tiles.js';
import { drawRun } from './waterfall.js';
import { count, longDuration } from './words.js';

const EMPTY = {
  status: null,
  summary: null,
  epochs: [],
  snapshots: [],
  log: null,
  now: null,
  last: null,
  waitsFor: null,
  events: [],
};
const AGAIN_MS = 5_000;

let state;
/** The operator's clock minus ours. */
let skewMs = 0;
let connection = 'connecting';

function connect() {
  const stream = new EventSource('/api/v1/events');
  stream.onmessage = ({ data }) => {
    const { at, changed } = JSON.parse(data);
    skewMs = Date.parse(at) - Date.now();
    state = { ...EMPTY, ...state, ...changed };
    draw();
  };
  stream.onopen = () => tell('live');
  stream.onerror = () => {
    tell('lost');
    // It comes back by itself, but from an answer that was no stream.
    if (stream.readyState === EventSource.CLOSED) setTimeout(comeBack, AGAIN_MS);
  };
}

/** Without a session the page itself is the form. */
async function comeBack() {
  const answer = await fetch('/', { method: 'HEAD' }).catch(() => undefined);
  if (answer?.status === 401) location.reload();
  else connect();
}

function tell(word) {
  connection = word;
  draw();
}

function draw() {
  if (state === undefined) return;
  document.getElementById('live').hidden = false;
  const nowMs = Date.now() + skewMs;
  const now = { ...state, nowMs };
  drawHead(now);
  drawTiles(now);
  drawProblems(now);
  const run = state.now ?? state.last;
  document.getElementById('run').hidden = run === null;
  if (run !== null) drawRun({ run, nowMs: Math.max(run.durationMs, nowMs - Date.parse(run.since)) });
  drawNodes(now);
  drawSnapshots(now);
  drawEtcd(now);
  drawEvents(now);
}

function drawHead({ status, waitsFor, nowMs }) {
  const { cluster = 'k8s-diskless', kubernetes, etcd, problems } = status?.document ?? {};
  setText(document.getElementById('cluster'), cluster);
  setText(document.getElementById('versions'), status === null ? '' : `Kubernetes ${kubernetes} · etcd ${etcd}`);
  const verdict = document.getElementById('verdict');
  const words =
    status === null
      ? '… not looked at yet'
      : problems.length === 0
        ? '✔ Nothing is wrong'
        : `✖ ${count(problems.length, 'thing')} wrong`;
  setText(verdict, words);
  setClass(verdict, status === null ? '' : problems.length === 0 ? 'good' : 'bad');
  const age = status === null ? '' : `, looked at ${longDuration(nowMs - Date.parse(status.takenAt))} ago`;
  const line = document.getElementById('connection');
  setText(line, `${connection === 'live' ? 'live' : 'connection lost, trying again'}${age}`);
  setClass(line, connection);
  const waits = document.getElementById('waits');
  waits.hidden = waitsFor === null;
  setText(waits, waitsFor === null ? '' : `Waiting: ${waitsFor}`);
  const title = `${status !== null && problems.length === 0 ? '✔' : '✖'} ${cluster}`;
  if (document.title !== title) document.title = title;
}

connect();
setInterval(draw, 1_000);
