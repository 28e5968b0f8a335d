import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { endOfArchive, packSmallFiles } from '../../src/artifacts/compress.js';
import { END_OF_ARCHIVE, tarMember } from '../../src/artifacts/tar-member.js';
import { receiverCommand } from '../../src/delivery/receiver.js';
import type { ManifestEntry, Segment } from '../../src/delivery/segment.js';
import { sendStream } from '../../src/delivery/send-stream.js';
import type { OperatorMark } from '../../src/node/operator-mark.js';
import type { Connection, RemoteProcess } from '../../src/ssh/transport.js';
import { OPERATOR } from '../helpers/sample-facts.js';

/* The real receiver under a real bash, in a mount namespace of its own with fresh /opt, /run and directory of units. */

const PREPARE = [
  'set -e',
  'mount -t tmpfs none /opt',
  'mount -t tmpfs none /run',
  'mount -t tmpfs none /etc/systemd/system',
  'mkdir -p /run/lab && mount -t tmpfs none /mnt',
].join('\n');

const sha = (content: string): string => createHash('sha256').update(content).digest('hex');

function node(after: string, mutate: (command: string) => string = (command) => command) {
  let child: ChildProcess | undefined;
  const report = new PassThrough();
  const connection: Pick<Connection, 'host' | 'open'> = {
    host: 's4',
    async open(command): Promise<RemoteProcess> {
      // What the node looks like afterwards is told on file descriptor 3.
      const script = `${PREPARE}\n( ${mutate(command)} )\nstatus=$?\n{ ${after}\n} >&3\nexit $status`;
      const started = spawn('unshare', ['--mount', 'bash', '-c', script], { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] });
      child = started;
      const seen = started.stdio[3];
      if (seen instanceof PassThrough || seen === null || seen === undefined) throw new Error('no pipe');
      (seen as NodeJS.ReadableStream).pipe(report);
      const stderr = text(started.stderr);
      const exited = new Promise<number | null>((resolve) => started.on('close', resolve));
      started.stdin.on('error', () => {});
      return {
        stdin: started.stdin,
        stdout: started.stdout,
        result: Promise.all([exited, stderr]).then(([exitCode, error]) => ({
          host: 's4',
          label: '',
          exitCode,
          signal: null,
          stdout: '',
          stderr: error,
          durationMs: 0,
        })),
        kill: () => void child?.kill(),
      };
    },
  };
  return { connection: connection as Connection, report: text(report) };
}

async function segment(id: string, files: { path: string; mode: number; content: string }[]): Promise<Segment> {
  const packed = await packSmallFiles(
    files.map(({ mode, content }, index) => ({ entry: `f${index}`, mode, content: Buffer.from(content) })),
    'gzip',
  );
  const body = Buffer.concat([packed, endOfArchive('gzip')]);
  return {
    id,
    encoding: 'gzip',
    entries: files.map(({ path, mode, content }, index) => ({ sha256: sha(content), mode, entry: `f${index}`, path })),
    bodyBytes: body.length,
    body: async function* () {
      yield body;
    },
  };
}

interface More {
  remove?: string[];
  relabel?: boolean;
  operator?: OperatorMark;
}

function send(
  connection: Connection,
  segments: Segment[],
  { remove = [], relabel = false, operator = OPERATOR }: More = {},
) {
  const arrived: string[] = [];
  const done = sendStream({
    connection,
    receiver: { clusterId: 'c1', incarnation: 2, operator, relabel },
    segments,
    remove,
    onArrived: (id) => arrived.push(id),
    onProgress: () => {},
    stallTimeoutMs: 10_000,
  });
  return { arrived, done };
}

describe('receiver', () => {
  it('installs files with their modes, also on another filesystem than its staging area, and marks them', async () => {
    const { connection, report } = node(
      'stat -c "%a %n" /opt/bin/one /mnt/deep/two; cat /opt/bin/one /mnt/deep/two; cut -d" " -f1,2,4- /run/k8s-diskless/files; cat /run/k8s-diskless/cluster; ls -A /opt /opt/.k8s-diskless',
    );
    const { arrived, done } = send(connection, [
      await segment('config', [
        { path: '/opt/bin/one', mode: 0o755, content: 'first\n' },
        { path: '/mnt/deep/two', mode: 0o600, content: 'second\n' },
      ]),
    ]);
    await done;
    expect(arrived).toEqual(['config']);
    expect(await report).toBe(
      `755 /opt/bin/one\n600 /mnt/deep/two\nfirst\nsecond\n${sha('first\n')} 755 - /opt/bin/one\n${sha('second\n')} 600 - /mnt/deep/two\nc1 2\n/opt:\n.k8s-diskless\nbin\n\n/opt/.k8s-diskless:\n`,
    );
  });

  it('gives files the time of their arrival, by which systemd knows a changed unit', async () => {
    const { connection, report } = node('find /etc/systemd/system/one.service -newermt "-1 hour"');
    const file = { path: '/etc/systemd/system/one.service', mode: 0o644, content: '[Unit]' };
    await send(connection, [await segment('config', [file])]).done;
    expect(await report).toBe('/etc/systemd/system/one.service\n');
  });

  it('acknowledges segments one by one and removes what is no longer wanted', async () => {
    const { connection, report } = node('ls /opt/bin; cut -d" " -f5 /run/k8s-diskless/files');
    const files = ['a', 'b'].map((name) => ({ path: `/opt/bin/${name}`, mode: 0o644, content: name }));
    const segments = await Promise.all(files.map((file, index) => segment(`s${index}`, [file])));
    const { arrived, done } = send(connection, segments, { remove: ['/opt/bin/a'] });
    await done;
    expect(arrived).toEqual(['s0', 's1', 'remove']);
    expect(await report).toBe('b\n/opt/bin/b\n');
  });

  it('moves an artifact, named by its hash, to its path', async () => {
    const content = 'binary';
    const { connection, report } = node('stat -c "%a %s" /opt/bin/tool');
    const body = Buffer.concat([tarMember({ name: sha(content), mode: 0o644 }, Buffer.from(content)), END_OF_ARCHIVE]);
    const { gzipSync } = await import('node:zlib');
    const packed = gzipSync(body);
    const entries: ManifestEntry[] = [
      { sha256: sha(content), mode: 0o755, entry: sha(content), path: '/opt/bin/tool' },
    ];
    const artifact: Segment = {
      id: 'kubelet',
      encoding: 'gzip',
      entries,
      bodyBytes: packed.length,
      body: async function* () {
        yield packed;
      },
    };
    await send(connection, [artifact]).done;
    expect(await report).toBe('755 6\n');
  });

  it('refuses content that is not what the manifest says, and installs nothing of that segment', async () => {
    const { connection, report } = node('ls /opt; cat /run/k8s-diskless/files');
    const bad = await segment('config', [{ path: '/opt/bin/one', mode: 0o644, content: 'x' }]);
    bad.entries = bad.entries.map((entry) => ({ ...entry, sha256: sha('y') }));
    await expect(send(connection, [bad]).done).rejects.toMatchObject({ code: 'receive-corrupt', host: 's4' });
    expect(await report).toBe('');
  });

  it('does not take image archives for files of ours', async () => {
    const { connection, report } = node('ls /opt/.k8s-diskless-images; cat /run/k8s-diskless/files');
    const file = { path: '/opt/.k8s-diskless-images/pause.tar', mode: 0o600, content: 'x' };
    await send(connection, [await segment('images', [file])]).done;
    expect(await report).toBe('pause.tar\n');
  });

  it('restores the labels of what it has moved into place', async () => {
    const restorecon = `printf '#!/bin/sh\necho "$@" >>/run/restored\n'`;
    const { connection, report } = node('cat /run/restored', (command) =>
      [
        'mount -t tmpfs none /usr/local/sbin',
        `${restorecon} >/usr/local/sbin/restorecon`,
        'chmod +x /usr/local/sbin/restorecon',
        command,
      ].join('\n'),
    );
    const files = ['a', 'b c'].map((name) => ({ path: `/opt/bin/${name}`, mode: 0o644, content: name }));
    await send(connection, [await segment('config', files)], { relabel: true }).done;
    expect(await report).toBe('-F -- /opt/bin/a /opt/bin/b c\n');
  });

  it.each([
    ['nobody noted', '', '1 a1'],
    ['the same', '1 a1', '1 a1'],
    ['an earlier one', '1 a1', '2 b2'],
    ['what was cut off', '1', '1 a1'],
  ])('notes which copy of the state sends, also where nothing is sent, over %s', async (_what, before, after) => {
    const theirs = `mkdir -p /run/k8s-diskless && printf '${before}' >/run/k8s-diskless/operator`;
    const { connection, report } = node('cat /run/k8s-diskless/operator', (command) => `${theirs}; ${command}`);
    const [generation, id = ''] = after.split(' ');
    await send(connection, [], { operator: { id, generation: Number(generation) } }).done;
    expect(await report).toBe(before === after ? after : `${after}\n`);
  });

  it.each(['2 b2', '3 a1'])('installs nothing on a node that a later copy of the state acts on: %s', async (found) => {
    const theirs = `mkdir -p /run/k8s-diskless && echo ${found} >/run/k8s-diskless/operator`;
    const { connection, report } = node('ls /opt/bin', (command) => `${theirs}; ${command}`);
    const file = { path: '/opt/bin/one', mode: 0o644, content: 'x' };
    const operator = { id: 'a1', generation: 2 };
    await expect(send(connection, [await segment('config', [file])], { operator }).done).rejects.toMatchObject({
      code: 'operator-superseded',
      exit: 5,
      host: 's4',
      hint: expect.stringContaining(`state take-back --above ${found[0]}`),
    });
    expect(await report).toBe('');
  });

  it("installs nothing on a node that is another cluster's since it was read", async () => {
    const theirs = 'mkdir -p /run/k8s-diskless && echo other 1 >/run/k8s-diskless/cluster';
    const { connection, report } = node('ls /opt/bin', (command) => `${theirs}; ${command}`);
    const file = { path: '/opt/bin/one', mode: 0o644, content: 'x' };
    await expect(send(connection, [await segment('config', [file])]).done).rejects.toMatchObject({
      code: 'foreign-cluster',
      exit: 5,
      host: 's4',
      message: expect.stringContaining('another cluster (other)'),
    });
    expect(await report).toBe('');
  });

  it('cleans up after one that was killed, and not after one that runs', async () => {
    const killed = 'mkdir -p /opt/.k8s-diskless/99999999/config /opt/.k8s-diskless/1';
    const { connection, report } = node('ls /opt/.k8s-diskless', (command) => `${killed}; ${command}`);
    const file = { path: '/opt/bin/one', mode: 0o644, content: 'x' };
    await send(connection, [await segment('config', [file])]).done;
    expect(await report).toBe('1\n');
  });

  it('says why it stopped when the target cannot be written', async () => {
    const { connection } = node('true', (command) => `mount -o remount,ro /mnt; ${command}`);
    const files = [{ path: '/mnt/x/y', mode: 0o644, content: 'x' }];
    const failing = send(connection, [await segment('config', files)]).done;
    await expect(failing).rejects.toMatchObject({
      code: 'receive-failed',
      detail: expect.stringContaining('Read-only'),
    });
  });

  it('is one command line for the shell', () => {
    expect(receiverCommand({ clusterId: 'c', incarnation: 1, operator: OPERATOR, relabel: true })).toMatch(
      /^nice -n 5 bash -c '/,
    );
  });
});
