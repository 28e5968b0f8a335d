import { expect, it } from 'vitest';
import { etcdMinor, etcdProblem } from '../../src/config/etcd-floor.js';
import { EXIT } from '../../src/errors.js';

it.each(['3.5.32', '3.5.100', '3.6.11', '3.6.16', '3.7.1', '3.7.3'])('etcd %s may run', (version) => {
  expect(etcdProblem(version)).toBeUndefined();
});

it.each([
  ['3.5.31', '3.5.32'],
  ['3.5.9', '3.5.32'],
  ['3.6.10', '3.6.11'],
  ['3.7.0', '3.7.1'],
])('etcd %s is refused with its floor %s and the reason', (version, floor) => {
  const problem = etcdProblem(version);
  expect(problem).toContain(`etcd ${version} is older than ${floor}`);
  for (const fault of ['revision bumps', 'watches', 'return after their removal']) expect(problem).toContain(fault);
});

it.each(['3.4.45', '3.8.0', '3.70.1', '4.7.3'])('etcd %s is of no supported minor', (version) => {
  expect(etcdProblem(version)).toBe(
    `etcd ${version} is not supported; use 3.5.32, 3.6.11 or 3.7.1, or a newer patch release of these`,
  );
  expect(() => etcdMinor(version)).toThrow(expect.objectContaining({ exit: EXIT.usage }));
});
