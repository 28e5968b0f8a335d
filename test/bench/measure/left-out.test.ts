import { expect, test } from 'vitest';
import { analyse } from '../../../src/bench/analysis/analyse.js';
import { leftOut, podNodes } from '../../../src/bench/measure/left-out.js';
import { runRecordSchema } from '../../../src/bench/record/record-schema.js';
import { htmlReport } from '../../../src/bench/report/html/page.js';
import { markdownReport } from '../../../src/bench/report/markdown.js';
import { terminalReport } from '../../../src/bench/report/terminal.js';
import { PLAIN } from '../../../src/ui/style.js';
import { syntheticRun } from '../../helpers/synthetic-run/synthetic-run.js';

const node = (name: string, ...repelledBy: string[]) => ({ name, repelledBy, schedulable: repelledBy.length === 0 });
const TAINT = 'node.kubernetes.io/not-ready:NoSchedule';

test('every node without timed pods is named, with what keeps them off', () => {
  const nodes = [node('s4', 'node-role.kubernetes.io/control-plane:NoSchedule'), node('s5'), node('s6', TAINT)];
  expect(podNodes(nodes).map(({ name }) => name)).toEqual(['s5']);
  expect(leftOut(nodes).map(({ message }) => message)).toEqual([
    'no pod was timed on s4, which takes no ordinary pods: node-role.kubernetes.io/control-plane:NoSchedule',
    `no pod was timed on s6, which takes no ordinary pods: ${TAINT}`,
  ]);
});

test('where none takes ordinary pods all are measured, and none is left out', () => {
  const nodes = [node('s4', TAINT), node('s5', TAINT)];
  expect(podNodes(nodes)).toEqual(nodes);
  expect(leftOut(nodes)).toEqual([]);
});

test('a record names them, and each report of it', async () => {
  const run = await syntheticRun({ preset: 'quick' });
  const findings = leftOut([node('s4'), node('s6', TAINT)]);
  const analysis = analyse(runRecordSchema.parse({ ...run, findings }));
  const texts = [
    terminalReport(analysis, { width: 200, style: PLAIN }).join('\n'),
    htmlReport(analysis),
    markdownReport(analysis),
  ];
  for (const text of texts) expect(text).toMatch(/no pod was timed on s6, .*not-ready/);
});
