import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { parseFacts } from '../../src/facts/parse.js';
import { factsScript } from '../../src/facts/script.js';
import { scriptText } from '../../src/node/script-text.js';
import { execute } from '../e2e/helpers/cli.js';

const env = { PATH: process.env.PATH };

it('the script runs on any Linux machine, this one too, and says what is true of it', async () => {
  const { command, input } = factsScript(['no-such.service']);
  const { exit, stdout } = await execute('sh', ['-c', command], env, input);
  expect(exit).toBe(0);
  const facts = parseFacts({ host: 'here', output: stdout, operatorClockMs: Date.now() });
  expect(facts).toMatchObject({
    bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    hostname: hostname(),
    kernel: release(),
    memTotalBytes: totalmem(),
    tools: { tar: true, gzip: true, sha256sum: true },
    etcdData: { present: false },
  });
  expect(facts.mounts['/']?.sizeBytes).toBeGreaterThan(0);
  expect(facts.addresses).toContainEqual({ link: 'lo', address: '127.0.0.1', prefix: 8, family: 4 });
});

it('iptables is asked for rules like those of kube-proxy, and what it lacks is told in its words', async () => {
  const text = scriptText('facts.bash');
  const read = async (script: string) => {
    const { stdout } = await execute('bash', ['-s', '--', '/none', '/none', '/none'], env, script);
    return parseFacts({ host: 'here', output: stdout, operatorClockMs: Date.now() });
  };
  expect((await read(text)).xtablesFail).toBeUndefined();
  // As a match that the kernel or the program does not have.
  expect((await read(text.replace('-m statistic', '-m no-such-match'))).xtablesFail).toContain('no-such-match');
});

it('what of ours is there: data of etcd, programs, and the marker with its files as they lie there now', async () => {
  const root = mkdtempSync(join(tmpdir(), 'k8s-diskless-facts-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const [bin, etcd, marker] = [join(root, 'bin'), join(root, 'etcd data'), join(root, 'marker')];
  for (const path of [bin, join(etcd, 'member'), join(marker, 'units')]) mkdirSync(path, { recursive: true });
  writeFileSync(join(bin, 'conntrack'), '#!/bin/sh\n', { mode: 0o755 });
  writeFileSync(join(etcd, 'k8s-diskless'), 'cafe 3\n');
  const hash = 'a'.repeat(64);
  const file = join(root, 'a file');
  writeFileSync(file, '12345', { mode: 0o640 });
  writeFileSync(join(marker, 'cluster'), 'cafe 3\n');
  writeFileSync(join(marker, 'files'), `${hash} 644 9:1:2:3 - ${file}\n${hash} 644 9:1:2:3 - ${root}/gone\n`);
  writeFileSync(join(marker, 'units/kubelet.service'), 'fingerprint\n');
  writeFileSync(join(marker, 'images'), `${hash}\n`);
  const { stdout } = await execute('bash', ['-s', '--', bin, etcd, marker], env, scriptText('facts.bash'));
  const facts = parseFacts({ host: 'here', output: stdout, operatorClockMs: Date.now() });
  const installed = { sha256: hash, mode: 0o644, stamp: '9:1:2:3' };
  expect(facts).toMatchObject({
    tools: { conntrack: true },
    etcdData: { present: true, clusterId: 'cafe', incarnation: 3 },
    marker: {
      clusterId: 'cafe',
      incarnation: 3,
      files: [
        { path: file, ...installed, currentMode: 0o640, currentStamp: expect.stringMatching(/^5:\d+:[\d.]+:[\d.]+$/) },
        { path: join(root, 'gone'), ...installed },
      ],
      units: { 'kubelet.service': 'fingerprint' },
      images: [hash],
    },
  });
  expect(facts.marker?.files[1]).not.toHaveProperty('currentStamp');
});
