import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { scriptText } from '../../src/node/script-text.js';
import { bashScript } from '../../src/ssh/bash-script.js';
import { localShell } from '../helpers/local-shell.js';

/** A driver's own, outside of what pods have. */
const VOLUME = '/var/lib/kubelet/plugins/csi/a 7 50%/globalmount';
const OURS = ['/etc/kubernetes/pki/ca.crt', '/opt/bin/kubelet', '/var/lib/kubelet/config.yaml'];

const SAVED = `*filter
:INPUT ACCEPT [0:0]
:KUBE-FIREWALL - [0:0]
:K8S-DISKLESS-PODS - [0:0]
:FOREIGN - [0:0]
-A INPUT -m comment --comment "the user's own" -j FOREIGN
-A INPUT -m comment --comment "of a service" -j KUBE-FIREWALL
-A KUBE-FIREWALL -j K8S-DISKLESS-PODS
COMMIT
`;

/** In a shell of this machine, every directory of a node below one of the test's. */
async function sandbox(umount: string) {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'leave-cluster-')));
  onTestFinished(() => rm(root, { recursive: true }));
  const at = (path: string): string => join(root, path);
  const place = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(at(path)), { recursive: true });
    await writeFile(at(path), text);
  };
  for (const path of [...OURS, '/opt/bin/of-a-user', `${VOLUME}/precious`]) await place(path, 'data');
  const mounted = at(VOLUME).replaceAll(' ', '\\040');
  await place('/proc/self/mountinfo', `22 1 0:5 / / rw - tmpfs x rw\n36 22 0:7 / ${mounted} rw - nfs4 server:/x rw\n`);
  await place('/run/k8s-diskless/cluster', 'c1 1\n');
  await place('/run/k8s-diskless/files', OURS.map((path) => `0a 644 1:2 - ${at(path)}\n`).join(''));
  const mounts = at('/proc/self/mountinfo');
  await place('/bin/iptables', `#!/bin/sh\nIFS='|'; echo "$*" >>${at('/rules')}\n`);
  await chmod(at('/bin/iptables'), 0o755);
  await place('/saved', SAVED);
  const tables = `PATH=${root}/bin:$PATH; iptables-save() { if [ "$2" = filter ]; then cat ${root}/saved; fi; }`;
  const silent = ['systemctl', 'ip', 'nft', 'ip6tables-save'].map((name) => `${name}() { :; }`).join('; ');
  const rewrite = (text: string): string => {
    const moved = text
      .replace('#!/bin/bash', '')
      .replace(/^export .*PATH=.*$/m, '')
      .replaceAll(/(^|[ =<(])\/(var|run|proc|etc|opt)\//gm, `$1${root}/$2/`)
      .replaceAll(/(^|[ ])\/etc\/kubernetes$/gm, `$1${root}/etc/kubernetes`);
    // Nothing of this machine may be removed: every path is below the test's own directory.
    expect(moved.split(`${root}/`).join('')).not.toMatch(/(?<![\w"}*/%])\/(?!dev\/null)\w/);
    return text.startsWith('#!') ? `${tables}; ${silent}; umount() { ${umount}; }; mounts=${mounts}\n${moved}` : moved;
  };
  const { exec } = localShell({ rewrite }).node.session;
  const leave = async (clusterId: string) => {
    const { command, ...script } = bashScript(
      scriptText('leave-cluster.bash'),
      '/run/k8s-diskless',
      clusterId,
      'kubelet.service',
    );
    return exec(command, { label: 'leave', ...script });
  };
  return { at, leave };
}

it('what is ours goes, the marker last, and what lies beside it stays', async () => {
  const { at, leave } = await sandbox(`printf '%s\\n' "$2" >"$mounts.asked"; : >"$mounts"`);
  await rm(at(`${VOLUME}/precious`));
  expect(await leave('c1')).toMatchObject({ exitCode: 0, stdout: '' });
  expect(readFileSync(at('/proc/self/mountinfo.asked'), 'utf8')).toBe(`${at(VOLUME)}\n`);
  expect(
    [...OURS, '/var/lib/kubelet', '/etc/kubernetes', '/run/k8s-diskless'].filter((p) => existsSync(at(p))),
  ).toEqual([]);
  expect(existsSync(at('/opt/bin/of-a-user'))).toBe(true);
});

it('chains of ours, of kubelet and of kube-proxy go, each once nothing leads into it any more', async () => {
  const { at, leave } = await sandbox(': >"$mounts"');
  expect(await leave('c1')).toMatchObject({ exitCode: 0 });
  expect(readFileSync(at('/rules'), 'utf8').trim().split('\n')).toEqual([
    '-w|5|-t|filter|-D|INPUT|-m|comment|--comment|of a service|-j|KUBE-FIREWALL',
    '-w|5|-t|filter|-F|KUBE-FIREWALL',
    '-w|5|-t|filter|-F|K8S-DISKLESS-PODS',
    '-w|5|-t|filter|-X|KUBE-FIREWALL',
    '-w|5|-t|filter|-X|K8S-DISKLESS-PODS',
  ]);
});

it('a volume that cannot be unmounted keeps what is in it, and the marker stays: it is done again', async () => {
  const { at, leave } = await sandbox('return 32');
  expect(await leave('c1')).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('could not be unmounted') });
  expect(readFileSync(at(`${VOLUME}/precious`), 'utf8')).toBe('data');
  expect(existsSync(at('/run/k8s-diskless/cluster'))).toBe(true);
  // Whoever is left with a machine that is half done cannot begin with it again.
  expect(existsSync(at('/etc/kubernetes/pki'))).toBe(false);
});

it('a machine that is of another cluster by now is left as it is', async () => {
  const { at, leave } = await sandbox('return 1');
  expect(await leave('c2')).toMatchObject({ exitCode: 0, stdout: 'owned c1\n' });
  expect(OURS.every((path) => existsSync(at(path)))).toBe(true);
});
