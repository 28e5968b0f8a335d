import { expect, it } from 'vitest';
import { DisklessError } from '../../src/errors.js';
import { createServePage } from '../../src/serve/page-source.js';

const NOW = new Date('2026-12-01T10:00:00Z');
const lacking = new DisklessError({ code: 'disk-full', message: 'no room', hint: 'make some' });

it('shows boots as they were seen, what is waited for, and what a night would fail for until that is mended', () => {
  const page = createServePage(() => NOW);
  let changes = 0;
  const leave = page.changed(() => {
    changes += 1;
  });
  page.saw('s4', { kind: 'up', bootId: 'one' });
  page.saw('s4', { kind: 'down', why: new DisklessError({ code: 'unreachable', message: 'it is silent' }) });
  page.saw('s4', { kind: 'up', bootId: 'two' });
  page.waits('s5 does not answer');
  page.lacks([lacking]);
  page.logged({ node: 's4', lagMs: 400 });
  const authorities = [{ id: 'etcd', ends: new Date('2036-01-01T00:00:00Z') }];
  const snapshot = { id: '1-2', takenAt: NOW, objects: 3 };
  const versions = { cluster: 'lab', kubernetes: '1.37.2', etcd: '3.7.3', incarnation: 1 };
  page.looked({ ...versions, members: [], nodes: [], snapshot, copies: undefined, strays: [], authorities }, []);
  const { epochs, waitsFor, status, log, events } = page.current();
  expect(epochs[0]?.epochs.map(({ bootId, until }) => [bootId, until !== undefined])).toEqual([
    ['one', true],
    ['two', false],
  ]);
  expect(waitsFor).toBe('s5 does not answer');
  expect(status?.document.problems).toEqual([{ message: 'no room', hint: 'make some' }]);
  expect(log).toEqual({ node: 's4', lagMs: 400 });
  expect(events.map(({ text }) => text)).toEqual([
    'is there, in boot one',
    'is not there: it is silent',
    'is there, in boot two',
  ]);
  expect(changes).toBeGreaterThan(5);
  leave();
  page.waits(undefined);
  expect(page.current()).not.toHaveProperty('waitsFor');
});
