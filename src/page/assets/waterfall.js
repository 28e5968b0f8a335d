/* A run: a line for each step, a bar for each node. */
import { drawAxis, ticks } from './axis.js';
import { barsOf, CLUSTER } from './bars.js';
import { el, follow, foreign, place, setClass, setContent, setText } from './dom.js';
import { count, duration, longDuration } from './words.js';

/** @param nowMs since the run began */
export function drawRun({ run, nowMs }) {
  const elapsed = run.outcome === 'running' ? nowMs : run.durationMs;
  const steps = run.steps.filter(({ runs }) => runs.length > 0);
  setText(document.getElementById('run-title'), titleOf(run, elapsed));
  setContent(document.getElementById('run-words'), ...wordsOf(run, steps));
  const ends = steps.flatMap(({ runs }) => runs.map(({ endMs = elapsed }) => endMs));
  const span = Math.max(1, elapsed, ...ends);
  drawAxis(
    document.getElementById('run-axis'),
    ticks(span)
      .map((ms) => ({ at: ms / span, text: ms === 0 ? '0' : ms % 1000 === 0 ? longDuration(ms) : duration(ms) }))
      .filter(({ at }) => at < 0.95),
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
  const { bars, height } = barsOf(runs, elapsed);
  track.style.height = `${height}px`;
  follow(track, bars, {
    key: ({ key }) => key,
    create: () => el('i'),
    update(bar, { from, to, outcome, top, share }) {
      setClass(bar, outcome);
      place(bar, from / span, to / span);
      bar.style.top = `${100 * top}%`;
      bar.style.height = `calc(${100 * share}% - 1px)`;
    },
  });
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

function runWords({ node = CLUSTER, outcome, startMs, endMs, reason }, elapsed) {
  const took = outcome === 'running' ? longDuration(elapsed - startMs) : duration(endMs - startMs);
  const words = ` ${outcome}, ${took}, from ${duration(startMs)} on`;
  return [
    el('b', {}, foreign(node)),
    el('span', { class: outcome === 'failed' ? 'bad' : '' }, words),
    ...(reason === undefined ? [] : [': ', foreign(reason)]),
  ];
}
