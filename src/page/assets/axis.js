/* What stands below and above lines of time. */
import { el, follow, place, setText } from './dom.js';

const STEPS_S = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400,
];

/** Round places in a span, about as many as there is room for. */
export function ticks(spanMs, most = 6) {
  const step = 1000 * (STEPS_S.find((each) => spanMs / (1000 * each) <= most) ?? 2 * 86_400);
  return Array.from({ length: Math.floor(spanMs / step) + 1 }, (_, index) => index * step);
}

/** @param marks places between 0 and 1 with their words */
export function drawAxis(axis, marks) {
  follow(axis, marks, {
    key: ({ text, at }) => `${text} ${at}`,
    create: () => el('span'),
    update(span, { at, text }) {
      place(span, at, at);
      setText(span, text);
    },
  });
}
