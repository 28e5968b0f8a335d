import type { StageShare } from '../../analysis/stage-budget.js';
import { latencyText } from '../figures.js';
import { drawing, svgText, titled } from './element.js';
import type { Size } from './size.js';

/** Shares too small to hold their text are named beside the bar only. */
const ROOM_FOR_TEXT = 74;

/** Where a pod's startup goes: one bar, a part for what happens between two stages, means that add up. */
export function stageBudgetBar(shares: readonly StageShare[], { width, narrow }: Size): string {
  const total = shares.reduce((sum, { ms }) => sum + ms, 0);
  const height = narrow ? 64 : 76;
  const bar = { y: 8, height: height - 16 };
  let left = 0;
  const parts = shares.map(({ stage, title, ms }) => {
    const part = { x: left, width: (ms / total) * width };
    left += part.width;
    const attributes = { class: `part stage-${stage}`, ...part, y: bar.y, height: bar.height };
    const middle = part.x + part.width / 2;
    return [
      titled('rect', attributes, `${title}: ${latencyText(ms)}`),
      ...(part.width < ROOM_FOR_TEXT
        ? []
        : [svgText(latencyText(ms), { x: middle, y: height / 2 + 5, class: 'inside', anchor: 'middle' })]),
    ];
  });
  const label = `Mean time between stages: ${shares.map(({ title, ms }) => `${title} ${latencyText(ms)}`).join(', ')}`;
  return drawing({ width, height, label, class: 'budget' }, parts.flat());
}
