import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { flushDaemon, logOfDaemon } from '../../src/app/ask-daemon.js';
import { openControlSocket } from '../../src/serve/control-socket.js';
import { type StateDir, stateDirAt } from '../../src/state/state-dir.js';

const { signal } = new AbortController();
let state: StateDir;
beforeEach(() => {
  state = stateDirAt(mkdtempSync(join(tmpdir(), 'k8s-diskless-control-')));
});
afterEach(() => rmSync(state.root, { recursive: true }));

function open({
  log = () => undefined,
  flush = async () => {},
}: Partial<Parameters<typeof openControlSocket>[0]> = {}) {
  const onFailure = (error: Error) => Promise.reject(error);
  return openControlSocket({ path: state.serveSocket, log, flush, onFailure });
}

it('tells commands beside it how far the log is, and flushes it for them', async () => {
  let flushed = 0;
  const log = { node: 's4', lagMs: 420 };
  // What a killed one left.
  writeFileSync(state.serveSocket, '');
  const control = await open({
    log: () => log,
    flush: async () => {
      flushed += 1;
    },
  });
  expect(statSync(state.serveSocket).mode & 0o777).toBe(0o600);
  expect(await logOfDaemon(state, signal)).toEqual(log);
  await flushDaemon(state, signal);
  expect(flushed).toBe(1);
  await control.close();
  expect(existsSync(state.serveSocket)).toBe(false);
});

it('is not missed where there is none, keeps no log, or has no quorum', async () => {
  expect(await logOfDaemon(state, signal)).toBeUndefined();
  await flushDaemon(state, signal);
  const control = await open({ flush: () => Promise.reject(new Error('no quorum')) });
  expect(await logOfDaemon(state, signal)).toBeUndefined();
  await flushDaemon(state, signal);
  await control.close();
});

it('does not keep who asks after Ctrl-C', async () => {
  const end = new AbortController();
  const control = await open({
    flush: () => {
      end.abort(new Error('interrupted'));
      return new Promise(() => {});
    },
  });
  await expect(flushDaemon(state, end.signal)).rejects.toThrow('interrupted');
  await control.close();
});
