import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { imageStagingPath } from '../../../src/delivery/build-segments.js';
import { DisklessError } from '../../../src/errors.js';
import { PATHS } from '../../../src/node/paths.js';
import type { AtWork } from '../../../src/reconcile/context.js';
import type { NodeWork } from '../../../src/reconcile/judgement.js';
import { importImages } from '../../../src/reconcile/steps/send-files.js';
import { createEventBus } from '../../../src/runner/event-bus.js';
import {
  type Answer,
  clusterOf,
  type FakeConnection,
  fakeConnection,
  sessionOver,
} from '../../cluster/fake-session.js';
import { execute } from '../../e2e/helpers/cli.js';

/* The script as bash runs it, below a directory instead of /, with a containerd that notes what it is told. */

const IMAGE = { sha256: 'a'.repeat(64), size: 500_000_000, references: ['registry.k8s.io/pause:3.6'] };
const PINNED = `images label ${IMAGE.references[0]} io.cri-containerd.pinned=pinned`;
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'k8s-diskless-import-'));
  for (const path of [PATHS.marker, PATHS.images, '/bin']) mkdirSync(join(root, path), { recursive: true });
  containerd('exit 0');
  // One script at a time here: there is nobody to wait for.
  program('flock', 'exit 0');
});
afterEach(() => rmSync(root, { recursive: true }));

function program(name: string, body: string): void {
  const path = join(root, 'bin', name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
}

const LOCAL = '--local  Run import locally rather than through transfer API';

function containerd(answer: string, help = LOCAL): void {
  program('ctr', `if [ "$5" = --help ]; then echo '${help}'; exit; fi\nshift 2; echo "$@" >>${root}/told\n${answer}`);
}

const archive = (): string => join(root, imageStagingPath(IMAGE));
const told = (): string[] => readFileSync(join(root, 'told'), 'utf8').trim().split('\n');
const marked = (): string[] =>
  readFileSync(join(root, PATHS.marker, 'images'), 'utf8')
    .trim()
    .split('\n');

/** The node itself. */
const runs: Answer = async ({ command, input }) => {
  const below = command
    .replaceAll(PATHS.marker, join(root, PATHS.marker))
    .replaceAll(PATHS.images, join(root, PATHS.images));
  const env = { ...process.env, PATH: `${root}/bin:${process.env.PATH}` };
  const { exit, stdout, stderr } = await execute('sh', ['-c', below], env, String(input));
  return { exitCode: exit, stdout, stderr };
};

function importOver(...links: FakeConnection[]) {
  const { signal } = new AbortController();
  const work = { difference: { images: [IMAGE] }, arrivals: { of: async () => {} } } as unknown as NodeWork;
  const context = {
    signal,
    options: { readyTimeoutMs: 180_000 },
    bus: createEventBus({ sinks: [], monotonicMs: () => 0, wallClock: () => new Date(0) }),
    cluster: clusterOf([sessionOver('s4', links, signal)]),
    memory: { tally: new Map() },
    work,
  } as unknown as AtWork;
  return importImages(context, { node: 's4', step: 'images', signal, failed: new Set() });
}

describe('importImages', () => {
  it('imports an archive, pins it, remembers it and removes it', async () => {
    writeFileSync(archive(), 'tar');
    expect(await importOver(fakeConnection(runs))).toBe('changed');
    expect(told()).toEqual([`images import --local ${archive()}`, PINNED]);
    expect(marked()).toEqual([IMAGE.sha256]);
    expect(existsSync(archive())).toBe(false);
  });

  it('imports with a containerd that knows one way only', async () => {
    containerd('exit 0', '--no-unpack  Skip unpacking the images');
    writeFileSync(archive(), 'tar');
    await importOver(fakeConnection(runs));
    expect(told()).toEqual([`images import ${archive()}`, PINNED]);
  });

  it('may take as long as anything that is started, and the longer the larger the archive is', async () => {
    const limits: unknown[] = [];
    await importOver(fakeConnection(({ timeoutMs }) => ({ stdout: `${limits.push(timeoutMs)}` })));
    expect(limits).toEqual([180_000 + 50_000]);
  });

  it('finds its work done when the link was cut while the node finished it', async () => {
    writeFileSync(archive(), 'tar');
    const link: FakeConnection = fakeConnection(async (command) => {
      const answer = await runs(command);
      link.lose();
      return new Promise(() => answer);
    });
    expect(await importOver(link, fakeConnection(runs))).toBe('changed');
    expect(told()).toEqual([`images import --local ${archive()}`, PINNED]);
    expect(marked()).toEqual([IMAGE.sha256]);
  });

  it('imports again what was imported before and is gone from containerd', async () => {
    writeFileSync(join(root, PATHS.marker, 'images'), `${IMAGE.sha256}\n`);
    writeFileSync(archive(), 'tar');
    await importOver(fakeConnection(runs));
    expect(told()).toContain(`images import --local ${archive()}`);
  });

  it('says what containerd answered; a reboot is not its answer', async () => {
    writeFileSync(archive(), 'tar');
    containerd('echo "unrecognized image format" >&2; exit 1');
    const refused = { code: 'image-import-failed', host: 's4', detail: 'unrecognized image format' };
    await expect(importOver(fakeConnection(runs))).rejects.toMatchObject(refused);
    const rebooted = new DisklessError({ code: 'rebooted', message: 'it was rebooted' });
    await expect(importOver(fakeConnection(() => Promise.reject(rebooted)))).rejects.toBe(rebooted);
  });
});
