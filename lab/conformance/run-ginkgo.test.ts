import { expect, it } from 'vitest';
import { focusOn, ginkgoArguments, withMissing } from './run-ginkgo.js';

const BUILD = {
  kubernetes: '1.37.2',
  program: '/b/e2e.test',
  ginkgo: '/b/ginkgo',
  kubectl: '/b/kubectl',
  images: '/i',
};

it('the focus is on whole names, whatever is in them', () => {
  const names = ['[sig-a] should (not) be a+b|c', 'should *not* restart "$HOME" {1} \\ ^'];
  const focus = new RegExp(focusOn(names));
  for (const name of names) expect(focus.test(`Kubernetes e2e suite ${name}`)).toBe(true);
  for (const name of ['[sig-a] should (not) be a+b|c [Slow]', 'x [sig-a] should (not) be a+b|c', 'c']) {
    expect(focus.test(`Kubernetes e2e suite ${name}`)).toBe(false);
  }
});

it('its own arguments come before the program, those of the tests after', () => {
  const args = ginkgoArguments({
    build: BUILD,
    kubeconfig: '/k',
    tests: ['one'],
    procs: 8,
    seed: 7,
    minutes: 60,
    directory: '/d',
  });
  const at = args.indexOf('/b/e2e.test');
  expect(args[at + 1]).toBe('--');
  expect(args.slice(0, at)).toEqual(expect.arrayContaining(['--procs=8', '--seed=7', '--timeout=60m']));
  expect(args.slice(at)).toEqual(expect.arrayContaining(['--kubeconfig=/k', '--provider=skeleton', '--report-dir=/d']));
});

it('a test of which nothing is told was not run, which is a failure', () => {
  const passed = { name: 'one', state: 'passed', message: '', seconds: 1 } as const;
  expect(withMissing([passed], ['one', 'two'])).toEqual([
    passed,
    { name: 'two', state: 'failed', message: 'it was not run', seconds: 0 },
  ]);
});
