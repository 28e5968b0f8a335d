/* Snapshots, members of etcd, problems and events. */
import { el, follow, foreign, setClass, setContent, setText } from './dom.js';
import { age, bytes, clock, count } from './words.js';

const MOST_ROWS = 8;

export function drawSnapshots({ snapshots, nowMs }) {
  const section = document.getElementById('snapshots');
  section.querySelector('.aside').hidden = snapshots.length > 0;
  section.querySelector('table').hidden = snapshots.length === 0;
  follow(section.querySelector('tbody'), snapshots.slice(0, MOST_ROWS), {
    key: ({ id }) => id,
    create: () => el('tr'),
    update(row, { id, takenAt, objects, problems }) {
      const verdict =
        problems.length === 0
          ? el('td', { class: 'good' }, 'yes')
          : el('td', { class: 'bad wraps' }, 'no: ', foreign(problems.join('; ')));
      setContent(
        row,
        el('th', { scope: 'row' }, id),
        el('td', {}, age(nowMs - Date.parse(takenAt))),
        el('td', { class: 'number' }, String(objects)),
        verdict,
      );
    },
  });
  const more = snapshots.length - MOST_ROWS;
  setText(section.querySelector('.more'), more > 0 ? `and ${more} older` : '');
}

export function drawEtcd({ status, summary }) {
  const section = document.getElementById('etcd');
  section.hidden = status === null;
  if (status === null) return;
  const { members, noQuorum, incarnation, etcd } = status.document;
  const { needed, voters } = summary.etcd;
  const words =
    noQuorum === undefined
      ? `Incarnation ${incarnation}. ${voters} with a vote, ${needed} make a quorum.`
      : `Incarnation ${incarnation}. No quorum answers: ${noQuorum}`;
  setContent(document.getElementById('etcd-words'), foreign(words));
  follow(section.querySelector('tbody'), members, {
    key: ({ name }) => name,
    create: () => el('tr'),
    update(row, { name, isLearner, isLeader, silent, version = etcd, databaseBytes, errors }) {
      const wrong = [...(silent === undefined ? [] : [silent]), ...errors];
      const kind = isLearner ? 'learner' : isLeader ? 'leader' : 'voter';
      const vote =
        wrong.length === 0
          ? el('td', {}, kind)
          : el('td', { class: 'bad wraps' }, `${silent === undefined ? kind : 'silent'}: `, foreign(wrong.join('; ')));
      setContent(
        row,
        el('th', { scope: 'row' }, foreign(name)),
        vote,
        el('td', {}, silent === undefined ? version : '–'),
        el('td', { class: 'number' }, databaseBytes === undefined ? '–' : bytes(databaseBytes)),
      );
    },
  });
}

export function drawProblems({ status }) {
  const problems = status?.document.problems ?? [];
  const section = document.getElementById('problems');
  section.hidden = problems.length === 0;
  follow(section.querySelector('ul'), problems, {
    key: ({ message }) => message,
    create: ({ message, hint }) =>
      el('li', {}, foreign(message), hint !== undefined && el('span', { class: 'aside' }, el('br'), foreign(hint))),
  });
}

const MARKS = { info: '·', good: '✔', warning: '!', error: '✖' };

export function drawEvents({ events }) {
  const list = document.querySelector('#events ol');
  follow(list, events.toReversed(), {
    key: ({ id }) => id,
    create({ time, level, node, text }) {
      const at = el('time', { datetime: time, title: new Date(time).toLocaleString() }, clock(Date.parse(time)));
      const item = el(
        'li',
        {},
        at,
        el('span', { class: 'mark', role: 'img', 'aria-label': level }, MARKS[level]),
        el('span', {}, node !== undefined && el('b', {}, foreign(node)), node !== undefined && ' ', foreign(text)),
      );
      setClass(item, level);
      return item;
    },
  });
  setText(
    document.getElementById('events-title'),
    events.length === 0 ? 'No events yet' : `Last ${count(events.length, 'event')}`,
  );
}
