import { expect, it } from 'vitest';
import { parseGinkgoReport } from './ginkgo-report.js';

interface Spec {
  containers?: string[] | null;
  type?: string;
  text?: string;
  state?: string;
  message?: string;
}

function report(...specs: Spec[]): string {
  const SpecReports = specs.map(({ containers = ['[sig-node] Pods'], type = 'It', text = 'work', state, message }) => ({
    ContainerHierarchyTexts: containers,
    LeafNodeType: type,
    LeafNodeText: text,
    State: state ?? 'passed',
    RunTime: 1_500_000_000,
    ...(message !== undefined && { Failure: { Message: message, Location: {} } }),
  }));
  return JSON.stringify([{ SuitePath: '/x', SpecReports }]);
}

it('a test has the name it is listed under', () => {
  const text = report({ containers: ['[sig-node] Pods', 'Extended'], text: 'should be [Conformance]' });
  expect(parseGinkgoReport(text)).toEqual([
    { name: '[sig-node] Pods Extended should be [Conformance]', state: 'passed', message: '', seconds: 1.5 },
  ]);
});

it('what was not asked for is not told of, but what skipped itself is, with its reason', () => {
  const text = report({ state: 'skipped' }, { state: 'skipped', text: 'run', message: 'needs two nodes' });
  expect(parseGinkgoReport(text)).toMatchObject([
    { name: '[sig-node] Pods run', state: 'skipped', message: 'needs two nodes' },
  ]);
});

it.each(['failed', 'panicked', 'timedout', 'interrupted', 'aborted'])('one that %s has failed', (state) => {
  expect(parseGinkgoReport(report({ state, message: 'why' }))).toMatchObject([{ state: 'failed', message: 'why' }]);
  expect(parseGinkgoReport(report({ state }))).toMatchObject([{ state: 'failed', message: state }]);
});

it('setup and cleanup are told of where they failed', () => {
  const suite = { containers: null, text: '' };
  const text = report(
    { ...suite, type: 'SynchronizedBeforeSuite' },
    { ...suite, type: 'ReportAfterSuite', text: 'JUnit', state: 'failed', message: 'disk full' },
  );
  expect(parseGinkgoReport(text)).toMatchObject([
    { name: '[ReportAfterSuite] JUnit', state: 'failed', message: 'disk full' },
  ]);
});

it('a suite without specs has none, and what is no report is not taken for one', () => {
  expect(parseGinkgoReport(JSON.stringify([{ SpecReports: null }]))).toEqual([]);
  expect(() => parseGinkgoReport('{}')).toThrow();
  expect(() => parseGinkgoReport('')).toThrow();
});
