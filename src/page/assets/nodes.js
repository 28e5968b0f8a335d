/* Nodes, and their boots on a line of time. */
import { drawAxis, ticks } from './axis.js';
import { el, follow, foreign, place, setClass, setContent } from './dom.js';
import { clock, count, dayAndClock, longDuration } from './words.js';

const SHORTEST_MS = 15 * 60_000;
const LONGEST_MS = 24 * 3_600_000;
/** Above that, each has as little room as will do. */
const MANY = 8;

export function drawNodes({ summary, epochs, nowMs }) {
  const section = document.getElementById('nodes');
  const rows =
    summary?.nodes ??
    epochs.map(({ node }) => ({ name: node, role: '', state: 'unknown', troubles: [], kubelet: '', etcd: '' }));
  const first = Math.min(nowMs, ...epochs.flatMap((line) => line.epochs.map(({ from }) => Date.parse(from))));
  const span = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, 1.04 * (nowMs - first)));
  const began = nowMs - span;
  setContent(
    document.getElementById('nodes-words'),
    `Boots of the last ${longDuration(span)}: a bar from the moment that a boot was seen to the moment that it was seen to have ended.`,
  );
  const list = section.querySelector('ul');
  setClass(list, rows.length > MANY ? 'many' : '');
  follow(list, rows, {
    key: ({ name }) => name,
    create: () =>
      el(
        'li',
        {},
        el('div', { class: 'who' }),
        el('div', { class: 'line' }),
        el('p', { class: 'boots' }),
        el('p', { class: 'bad' }),
      ),
    update(item, row) {
      const own = epochs.find(({ node }) => node === row.name)?.epochs ?? [];
      drawNode(item, row, { own, began, span, nowMs });
    },
  });
  drawAxis(document.getElementById('nodes-axis'), marksOf({ began, span }));
}

function drawNode(item, row, { own, began, span, nowMs }) {
  const [who, line, boots, trouble] = item.children;
  const facts = [row.role, row.kubelet, row.etcd === '' ? '' : `etcd ${row.etcd}`].filter((text) => text !== '');
  setContent(
    who,
    el('b', {}, foreign(row.name)),
    el('span', { class: `state ${row.state === 'ready' ? 'good' : 'bad'}` }, row.state),
    el('span', { class: 'aside' }, foreign(facts.join(' · '))),
  );
  const shown = own
    .map((epoch, index) => ({ ...epoch, index }))
    .filter(({ until }) => until === undefined || Date.parse(until) > began);
  follow(line, shown, {
    key: ({ from, bootId }) => `${from} ${bootId}`,
    create: () => el('i'),
    update(bar, { from, until, index, bootId }) {
      setClass(bar, `${until === undefined ? 'lasts' : 'over'} ${index % 2 === 0 ? 'even' : 'odd'}`);
      place(
        bar,
        Math.max(0, (Date.parse(from) - began) / span),
        until === undefined ? 1 : (Date.parse(until) - began) / span,
      );
      bar.title = `boot ${bootId.slice(0, 8)}: ${dayAndClock(Date.parse(from))} – ${until === undefined ? 'now' : dayAndClock(Date.parse(until))}`;
    },
  });
  setContent(boots, bootsText(own, nowMs));
  setContent(trouble, foreign(row.troubles.join('; ')));
  trouble.hidden = row.troubles.length === 0;
}

function bootsText(epochs, nowMs) {
  const current = epochs.at(-1);
  if (current === undefined) return 'no boot was seen yet';
  const so = `${count(epochs.length, 'boot')} seen`;
  const [from, until] = [Date.parse(current.from), Date.parse(current.until ?? '')];
  return current.until === undefined
    ? `up since ${dayAndClock(from)}, ${longDuration(nowMs - from)} (boot ${current.bootId.slice(0, 8)}) · ${so}`
    : `gone since ${dayAndClock(until)}, ${longDuration(nowMs - until)} · ${so}`;
}

/** Round times of the day, where the reader is. */
function marksOf({ began, span }) {
  const [, step = span] = ticks(span, 5);
  const zone = new Date(began).getTimezoneOffset() * 60_000;
  const first = Math.ceil((began - zone) / step) * step + zone;
  const times = Array.from(
    { length: Math.max(0, Math.floor((began + span - first) / step) + 1) },
    (_, index) => first + index * step,
  );
  return times
    .map((time) => ({ at: (time - began) / span, text: clock(time).slice(0, 5) }))
    .filter(({ at }) => at < 0.97);
}
