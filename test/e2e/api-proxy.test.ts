import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Running, Segment, type Station } from './netns/segment.js';

const run = promisify(execFile);
const script = fileURLToPath(new URL('../../manifests/node/k8s-diskless-api.bash', import.meta.url));
const serverScript = fileURLToPath(new URL('netns/server.mjs', import.meta.url));
const ADDRESS = '10.250.250.1';
const PORT = '6443';

/** A CA and one serving certificate for all addresses of the test. */
async function certificates(dir: string, addresses: string[]): Promise<void> {
  const req = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
  const sans = addresses.map((address) => `IP:${address}`).join(',');
  await run('openssl', [...req, '-subj', '/CN=ca', '-keyout', join(dir, 'ca.key'), '-out', join(dir, 'ca.crt')]);
  const leaf = ['-CA', join(dir, 'ca.crt'), '-CAkey', join(dir, 'ca.key'), '-addext', 'basicConstraints=CA:FALSE'];
  await run('openssl', [
    ...[...req, ...leaf, '-subj', '/CN=api', '-addext', `subjectAltName=${sans}`],
    ...['-keyout', join(dir, 'api.key'), '-out', join(dir, 'api.crt')],
  ]);
}

describe.each(['nft', 'iptables'])('API address with %s', (backend) => {
  let segment: Segment;
  let dir: string;
  let node: Station;
  let s4: Station;
  let s5: Station;

  beforeEach(async () => {
    segment = await Segment.create();
    dir = await mkdtemp(join(tmpdir(), 'api-proxy-'));
    node = await segment.station('node', '10.77.0.9/24');
    s4 = await segment.station('s4', '10.77.0.4/24');
    s5 = await segment.station('s5', '10.77.0.5/24');
    await certificates(dir, [node, s4, s5].map((station) => station.address).concat(ADDRESS));
    await node.exec('ip', 'link', 'add', 'kd-api', 'type', 'bridge');
    await node.exec('ip', 'address', 'add', `${ADDRESS}/32`, 'dev', 'kd-api');
    await node.exec('ip', 'link', 'set', 'kd-api', 'up');
  });

  afterEach(async () => {
    await segment.remove();
    await rm(dir, { recursive: true });
  });

  async function serve(station: Station): Promise<Running> {
    const args = [serverScript, station.name, PORT, join(dir, 'api.key'), join(dir, 'api.crt')];
    const server = station.start(process.execPath, args);
    await server.line(/listening/);
    return server;
  }

  async function configure(controlPlanes: Station[]): Promise<void> {
    const lines = [
      ...[`backend ${backend}`, `address ${ADDRESS}`, `port ${PORT}`],
      ...[`node-ip ${node.address}`, `ca ${join(dir, 'ca.crt')}`],
      ...controlPlanes.map((station) => `control-plane ${station.address}`),
    ];
    await writeFile(join(dir, 'api-proxy.conf'), `${lines.join('\n')}\n`);
  }

  const env = () => ({ K8S_DISKLESS_API_CONFIG: join(dir, 'api-proxy.conf'), RUNTIME_DIRECTORY: dir });
  const install = () => node.start('bash', ['-c', `bash ${script} install && echo installed`], env()).line(/installed/);
  const watch = (extra: NodeJS.ProcessEnv = {}) => node.start('bash', [script, 'watch'], { ...env(), ...extra });
  const curl = (path: string) => [
    '--silent',
    '--show-error',
    '--cacert',
    join(dir, 'ca.crt'),
    `https://${ADDRESS}:${PORT}${path}`,
  ];
  const who = async () => JSON.parse(await node.exec('curl', '--max-time', '5', ...curl('/who')));

  /** A request that stays open, as a watch does; the curl exit code once it ends. */
  async function openWatch(
    ...options: string[]
  ): Promise<{ server: string; line: Running['line']; ended: Promise<string> }> {
    const ended = 'code=0; curl --no-buffer "$@" || code=$?; echo "curl ended $code"';
    const command = node.start('bash', ['-c', ended, 'curl', ...curl('/watch'), ...options]);
    const [server = ''] = (await command.line(/^\w+ \d+$/)).split(' ');
    return { server, line: command.line, ended: command.line(/curl ended/) };
  }

  it('leads to the preferred control plane before any probe, with the node IP as source', async () => {
    await configure([s5, s4]);
    await Promise.all([serve(s4), serve(s5)]);
    await install();
    expect(await who()).toEqual({ name: 's5', client: node.address });
  });

  it('moves on when nobody listens any more, and stays there when the first one is back', async () => {
    await configure([s4, s5]);
    const first = await serve(s4);
    await serve(s5);
    await install();
    const watcher = watch();
    expect(await who()).toMatchObject({ name: 's4' });
    await first.stop();
    await watcher.line(/leads to 10\.77\.0\.5/);
    expect(await who()).toEqual({ name: 's5', client: node.address });

    await serve(s4);
    await watcher.stop();
    await install();
    watch();
    expect(await who()).toMatchObject({ name: 's5' });
  });

  it('bears with bad answers for a while, not for long', async () => {
    await configure([s4, s5]);
    const [bad] = await Promise.all([serve(s4), serve(s5)]);
    await install();
    const watcher = watch();
    await node.exec('curl', ...curl('/fail/3'));
    await bad.line(/recovered/);
    expect(await who()).toMatchObject({ name: 's4' });
    await node.exec('curl', ...curl('/fail/1000'));
    await watcher.line(/leads to 10\.77\.0\.5/);
  });

  it('resets connections by rule alone, where the kernel cannot close sockets', async () => {
    await configure([s4, s5]);
    await Promise.all([serve(s4), serve(s5)]);
    await install();
    await writeFile(join(dir, 'ss'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    const watcher = watch({ PATH: `${dir}:${process.env.PATH}` });
    const lost = await openWatch('--keepalive-time', '1');
    await s4.link('down');
    await watcher.line(/leads to 10\.77\.0\.5/);
    expect(await lost.ended).toBe('curl ended 56'); // connection reset by peer, at the next keep-alive packet
  });

  it('closes even silent connections to a control plane that lost power, and keeps others when it restarts', async () => {
    await configure([s4, s5]);
    await Promise.all([serve(s4), serve(s5)]);
    await install();
    let watcher = watch();
    const lost = await openWatch('--no-keepalive');
    expect(lost.server).toBe('s4');
    await s4.link('down');
    await watcher.line(/leads to 10\.77\.0\.5/);
    expect(await lost.ended).not.toBe('curl ended 0');

    const kept = await openWatch();
    expect(kept.server).toBe('s5');
    await watcher.stop();
    await install();
    watcher = watch();
    const count = Number(await node.exec('curl', ...curl('/count')));
    expect(await Promise.race([kept.ended, kept.line(new RegExp(`^s5 ${count + 1}$`))])).toContain('s5');
  });

  it('prefers the local kube-apiserver on a control plane, without translation', async () => {
    await configure([node, s4]);
    await serve(s4);
    await install();
    const watcher = watch();
    await watcher.line(/leads to 10\.77\.0\.4/);
    expect(await who()).toEqual({ name: 's4', client: node.address });

    const remote = await openWatch();
    await serve(node);
    await watcher.line(/leads to 10\.77\.0\.9/);
    expect(await who()).toEqual({ name: 'node', client: ADDRESS });
    expect(await remote.ended).not.toBe('curl ended 0');
  });
});
