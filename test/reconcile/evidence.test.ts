import { describe, expect, it } from 'vitest';
import type { Run } from '../../src/reconcile/context.js';
import { fetchEvidence, whereLogs } from '../../src/reconcile/evidence.js';
import { type Answer, clusterOf, fakeConnection, sessionOver } from '../cluster/fake-session.js';

function runWith(answer: Answer, save = async (name: string) => `/runs/1/${name}`) {
  const saved: string[] = [];
  const context = {
    cluster: clusterOf([sessionOver('s4', [fakeConnection(answer)])]),
    options: {
      state: {
        saveEvidence: (name: string) => {
          saved.push(name);
          return save(name);
        },
      },
    },
  } as unknown as Run;
  return { saved, fetch: () => fetchEvidence(context, 's4', 'etcd.service') };
}

describe('the log of a unit', () => {
  it('is saved, and its end shown', async () => {
    const { fetch } = runWith(() => ({ stdout: 'one\ntwo\n' }));
    const evidence = await fetch();
    expect(evidence).toEqual({ path: '/runs/1/s4-etcd.service.log', tail: 'one\ntwo' });
    expect(whereLogs([evidence])).toBe('its log was saved to /runs/1/s4-etcd.service.log');
  });

  it.each([
    ['no answer', () => Promise.reject(new Error('no answer'))],
    ['journalctl ended with exit code 1: no journal', () => ({ exitCode: 1, stderr: 'no journal\n' })],
  ] as [string, Answer][])('that could not be read is nowhere: %s', async (why, answer) => {
    const { fetch, saved } = runWith(answer);
    const evidence = await fetch();
    expect(evidence).toEqual({ problem: `the log of etcd.service on s4 could not be read: ${why}`, tail: '' });
    expect(saved).toEqual([]);
    expect(whereLogs([evidence])).toBe(evidence.problem);
  });

  it('that could not be saved is still shown, and said to be lost', async () => {
    const { fetch } = runWith(
      () => ({ stdout: 'one\n' }),
      () => Promise.reject(new Error('ENOSPC: no space left on device')),
    );
    const problem = 'the log of etcd.service on s4 could not be saved: ENOSPC: no space left on device';
    expect(await fetch()).toEqual({ problem, tail: 'one' });
  });

  it('is one of several, of which some are lost', () => {
    const evidence = [
      { path: '/a', tail: '' },
      { path: '/b', tail: '' },
      { problem: 'c is lost', tail: '' },
    ];
    expect(whereLogs(evidence)).toBe('their logs were saved to /a, /b; c is lost');
  });
});
