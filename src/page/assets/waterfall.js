/* A run: a line for each step, a bar for each node. */
import { drawAxis, ticks } from './axis.js';
import { el, follow, foreign, place, setClass, setContent, setText } from './dom.js';
import { count, duration, longDuration } from './words.js';

/** Above that a line shows when the first node began and the last ended, beside those that failed or still run. */
const MOST_LANES = 6;
const CLUSTER = 'cluster';

/** @param nowMs since the run began */
export function drawRun({ run, nowMs }) {
  const elapsed = run.outcome === 'running' ? nowMs : run.durationMs;
  const steps = run.steps.filter(({ runs }) => runs.length > 0);
  setText(document.getElementById('run-title'), titleOf(run, elapsed));
  setContent(document.getElementById('run-words'), ...wordsOf(run, steps));
  const span = Math.max(elapsed, 1);
  drawAxis(
    document.getElementById('run-axis'),
    ticks(span).map((ms) => ({ at: ms / span, text: ms === 0 ? '0' : duration(ms) })),
  );
  follow(document.getElementById('waterfall'), steps, {
    key: ({ id }) => `${run.id} ${id}`,
    create: () =>
      el(
        'details',
        {},
        el(
          'summary',
          {},
          el('span', { class: 'title' }),
          el('span', { class: 'took' }),
          el('span', { class: 'track' }),
        ),
        el('ul'),
      ),
    update: (row, step) => drawStep(row, step, { span, elapsed }),
  });
}

const ENDINGS = {
  done: 'did all it had to',
  partial: 'left something out',
  failed: 'failed',
  refused: 'refused: a person has to decide',
  interrupted: 'was interrupted',
};

function titleOf({ command, outcome }, elapsed) {
  return outcome === 'running'
    ? `${command} runs, for ${longDuration(elapsed)}`
    : `Last run: ${command} ${ENDINGS[outcome]}`;
}

function wordsOf({ outcome, changed, durationMs, since, steps, error }, begun) {
  const began = `began at ${new Date(since).toLocaleString()}`;
  if (outcome === 'running') return [`${began} · ${begun.length} of ${count(steps.length, 'step')} begun`];
  const words = `${began} · took ${duration(durationMs)} · ${count(changed, 'change')}`;
  if (error === undefined) return [words];
  const hint = error.hint === undefined ? '' : ` (${error.hint})`;
  return [words, el('br'), el('strong', { class: 'bad' }, foreign(error.message + hint))];
}

function drawStep(row, { title, runs }, { span, elapsed }) {
  const [name, took, track] = row.querySelector('summary').children;
  const began = Math.min(...runs.map(({ startMs }) => startMs));
  const ended = Math.max(...runs.map(({ endMs }) => endMs ?? elapsed));
  setText(name, title);
  setText(took, tookText(runs, ended - began));
  follow(track, barsOf(runs, { began, ended, elapsed }), {
    key: (bar) => bar.key,
    create: () => el('i'),
    update(bar, { from, to, outcome, lane, lanes }) {
      setClass(bar, outcome);
      place(bar, from / span, to / span);
      bar.style.top = `${(100 * lane) / lanes}%`;
      bar.style.height = `calc(${100 / lanes}% - 1px)`;
    },
  });
  track.style.height = `${Math.max(12, 5 * Math.min(runs.length, MOST_LANES))}px`;
  follow(row.querySelector('ul'), runs, {
    key: ({ node = CLUSTER }) => node,
    create: () => el('li'),
    update: (item, run) => setContent(item, ...runWords(run, elapsed)),
  });
}

function tookText(runs, ms) {
  const failed = runs.filter(({ outcome }) => outcome === 'failed');
  if (failed.length > 0)
    return `✖ failed on ${failed.length === 1 ? (failed[0].node ?? 'the cluster') : count(failed.length, 'node')}`;
  const left = runs.filter(({ outcome }) => ['skipped', 'cancelled'].includes(outcome));
  if (left.length === runs.length) return 'skipped';
  return runs.some(({ outcome }) => outcome === 'running') ? `${longDuration(ms)} …` : duration(ms);
}

function barsOf(runs, { began, ended, elapsed }) {
  if (runs.length <= MOST_LANES) {
    return runs.map((run, lane) => ({ ...barOf(run, elapsed), lane, lanes: runs.length }));
  }
  const told = runs.filter(({ outcome }) => ['failed', 'running'].includes(outcome)).slice(0, MOST_LANES - 1);
  const lanes = told.length + 1;
  const outcome = runs.some((run) => run.outcome === 'changed') ? 'changed' : 'unchanged';
  return [
    { key: 'all', from: began, to: ended, outcome, lane: 0, lanes },
    ...told.map((run, index) => ({ ...barOf(run, elapsed), lane: index + 1, lanes })),
  ];
}

const barOf = ({ node = CLUSTER, startMs, endMs, outcome }, elapsed) => ({
  key: node,
  from: startMs,
  to: endMs ?? elapsed,
  outcome,
});

function runWords({ node = CLUSTER, outcome, startMs, endMs, reason }, elapsed) {
  const took = outcome === 'running' ? longDuration(elapsed - startMs) : duration(endMs - startMs);
  const words = ` ${outcome}, ${took}, from ${duration(startMs)} on`;
  return [
    el('b', {}, foreign(node)),
    el('span', { class: outcome === 'failed' ? 'bad' : '' }, words),
    ...(reason === undefined ? [] : [': ', foreign(reason)]),
  ];
}
