import { expect, test } from 'vitest';
import { etcdError } from '../../src/etcd/errors.js';

const PLACE = { label: 'etcd of s4', host: 's4', operation: 'member add' };

test.each([
  ['up to 3.5', '{"error":"etcdserver: unhealthy cluster","message":"etcdserver: unhealthy cluster","code":14}'],
  ['from 3.6 on', '{"code":14,"message":"etcdserver: unhealthy cluster","details":[]}'],
])('the gateway %s', (_, body) => {
  expect(etcdError({ ...PLACE, httpStatus: 503, body })).toMatchObject({ code: 'etcd-unhealthy-cluster', host: 's4' });
});

test.each([
  [503, '{"code":14,"message":"connection closed"}', 'etcd-unavailable', 'connection closed'],
  [412, '{"code":9,"message":"something new"}', 'etcd-precondition', 'something new'],
  [404, 'Not Found\n', 'etcd-failed', 'HTTP 404'],
  [500, '[]', 'etcd-failed', 'HTTP 500'],
  [500, '"text"', 'etcd-failed', 'HTTP 500'],
])('HTTP %i %s is %s', (httpStatus, body, code, answer) => {
  const error = etcdError({ ...PLACE, httpStatus, body });
  expect([error.code, error.message]).toEqual([code, `etcd of s4 refused member add: ${answer}`]);
});
