import { expect, test } from 'vitest';
import { createNdjsonView } from '../../src/ui/ndjson-view.js';
import { partialRun } from './sample-runs.js';

test('every event is one line of JSON, errors included', async () => {
  const written: string[] = [];
  const view = createNdjsonView({ write: (text) => written.push(text) });
  const events = partialRun();
  for (const event of events) view(event);
  await view.end();
  expect(written.every((line) => line.endsWith('\n') && line.indexOf('\n') === line.length - 1)).toBe(true);
  expect(written.map((line) => JSON.parse(line).type)).toEqual(events.map(({ type }) => type));
  const failed = written.map((line) => JSON.parse(line)).find(({ error }) => error?.code === 'target-full');
  expect(failed).toMatchObject({ v: 1, type: 'step-finished', outcome: 'failed' });
  expect(failed.error).toEqual({
    code: 'target-full',
    message: 's6 has no room for 145 MB: /opt has 12 MB left',
    exit: 4,
    host: 's6',
    step: 'push',
    hint: 'give s6 more memory, or make its tmpfs larger',
    detail: expect.stringContaining('No space left on device'),
  });
});
