import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { BootEvent } from '../../src/boot/server/boot-events.js';
import { PkiStore } from '../../src/pki/store.js';
import { files, serve } from '../artifacts/http-fixtures.js';
import { FLATCAR_VERSION, flatcarFiles, INITRD, KERNEL } from '../boot/images/upstream.js';
import { ask, askWithoutReading } from '../boot/server/serving.js';
import { freePort } from '../helpers/free-port.js';
import { fixedEnvironment, specFor, THREE_NODES } from '../pki/fixture.js';
import { createOperator, type Finished, type Operator, type Running } from './cli.js';

const HOSTS = ['--hosts', 's4,s5', '--mac', 's4=52:54:00:00:00:04,s5=52:54:00:00:00:05'];
/** Port 0: the system chooses one, and the first event tells it. */
const LISTEN = ['--url', 'http://10.0.0.1:8080', '--listen', '127.0.0.1:0'];

function imagesOf({ home }: Operator): string {
  const directory = join(home, 'images');
  mkdirSync(directory);
  writeFileSync(join(directory, 'flatcar_production_pxe.vmlinuz'), KERNEL);
  writeFileSync(join(directory, 'flatcar_production_pxe_image.cpio.gz'), INITRD);
  return directory;
}

type Serving = Extract<BootEvent, { type: 'serving' }>;

async function served(running: Running): Promise<Serving & { port: number }> {
  const event = JSON.parse(await running.line((line) => line.includes('"serving"'))) as Serving;
  return { ...event, port: Number(event.listen.split(':')[1]) };
}

describe('boot serve', () => {
  test('serves until it is told to stop, and logs who fetched what', async () => {
    const operator = createOperator();
    const images = imagesOf(operator);
    const running = operator.start(['boot', 'serve', ...HOSTS, ...LISTEN, '--os-images', images, '-o', 'json']);
    const { port, hosts, os, trust } = await served(running);
    expect({ hosts, os, trust }).toEqual({ hosts: ['s4', 's5'], os: 'Flatcar Container Linux', trust: 'unchecked' });
    await ask(port, '/mac-52-54-00-00-00-04.ipxe');
    await running.line((line) => line.includes('"transfer-finished"'));
    expect((await ask(port, '/images/flatcar/vmlinuz')).body.equals(KERNEL)).toBe(true);
    await running.line((line) => line.includes('"kernel"') && line.includes('"transfer-finished"'));
    running.child.kill('SIGTERM');
    const { exit, stdout, stderr } = await running.finished;
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as BootEvent);
    expect(events.map(({ type }) => type)).toEqual([
      'serving',
      'transfer-started',
      'transfer-finished',
      'transfer-started',
      'transfer-finished',
      'stopping',
      'stopped',
    ]);
    expect(events.every(({ v, ms, time }) => v === 1 && ms >= 0 && !Number.isNaN(Date.parse(time)))).toBe(true);
    expect(events[4]).toMatchObject({
      host: 's4',
      mac: '52:54:00:00:00:04',
      address: '127.0.0.1',
      sent: KERNEL.length,
    });
    expect(events.at(-1)).toMatchObject({ requests: 2 });
  });

  test('plain lines, and the table of machines at the end', async () => {
    const operator = createOperator();
    const running = operator.start(['boot', 'serve', ...HOSTS, ...LISTEN, '--os-images', imagesOf(operator)]);
    const line = await running.line((text) => text.includes('listening on'));
    const port = Number(/listening on 127\.0\.0\.1:(\d+)/.exec(line)?.[1]);
    await ask(port, '/s4.ign');
    await running.line((text) => text.includes('fetched s4.ign'));
    running.child.kill('SIGINT');
    const { exit, stdout } = await running.finished;
    expect(exit).toBe(0);
    expect(stdout).toMatch(/^MACHINE .* IGNITION .*LAST$/m);
    expect(stdout).toMatch(/^s5 .*nothing yet$/m);
  });

  test('serves on when nobody reads its view any more, and says so once', async () => {
    const operator = createOperator();
    const images = ['--os-images', imagesOf(operator)];
    const running = operator.start(['boot', 'serve', ...HOSTS, ...LISTEN, ...images, '-o', 'json']);
    const { port } = await served(running);
    running.child.stdout?.destroy();
    for (let n = 0; n < 3; n++) expect((await ask(port, '/s4.ign')).status).toBe(200);
    running.child.kill('SIGTERM');
    const { exit, stderr } = await running.finished;
    expect(exit).toBe(0);
    expect(stderr).toMatch(/^standard output can no longer be written \(E\w+\); machines are served on\n$/);
  });

  test('a second Ctrl-C does not wait for a machine that hangs', async () => {
    const operator = createOperator();
    const images = imagesOf(operator);
    writeFileSync(join(images, 'flatcar_production_pxe_image.cpio.gz'), Buffer.alloc(32 * 1024 * 1024));
    const running = operator.start(['boot', 'serve', ...HOSTS, ...LISTEN, '--os-images', images, '-o', 'json']);
    const { port } = await served(running);
    askWithoutReading(port, '/images/flatcar/initrd.cpio.gz');
    await running.line((line) => line.includes('"transfer-started"'));
    running.child.kill('SIGINT');
    await running.line((line) => line.includes('"stopping"') && line.includes('"transfers":1'));
    const pressing = setInterval(() => running.child.kill('SIGINT'), 50);
    expect((await running.finished.finally(() => clearInterval(pressing))).exit).toBe(130);
  });
});

test('what it serves names the same address as what boot render writes', async () => {
  const operator = createOperator();
  const images = imagesOf(operator);
  const listen = ['--listen', `127.0.0.1:${await freePort()}`];
  const rendered = await operator.run(['boot', 'render', ...HOSTS, ...listen]);
  expect(rendered).toMatchObject({ exit: 0, stderr: '' });
  expect(rendered.stdout).toContain(`\nset base http://${listen[1]}\n`);
  const running = operator.start(['boot', 'serve', ...HOSTS, ...listen, '--os-images', images, '-o', 'json']);
  const { port, url } = await served(running);
  expect(url).toBe(`http://${listen[1]}`);
  const script = (await ask(port, '/boot.ipxe')).body.toString();
  expect(rendered.stdout).toContain(script);
});

describe('the log of boot serve', () => {
  /** Serves one file, and stops. */
  async function serveOnce(operator: Operator, flags: readonly string[]): Promise<Finished> {
    const images = ['--os-images', imagesOf(operator)];
    const running = operator.start(['boot', 'serve', ...HOSTS, ...LISTEN, ...images, ...flags]);
    const line = await running.line((text) => text.includes('listening on'));
    const port = Number(/listening on 127\.0\.0\.1:(\d+)/.exec(line)?.[1]);
    for (let n = 0; n < 2; n++) expect((await ask(port, '/s4.ign')).status).toBe(200);
    await running.line((text) => text.includes('fetched s4.ign'));
    running.child.kill('SIGTERM');
    return running.finished;
  }

  /** Sorted: a machine may ask for the next file before the server knows that the last one was taken. */
  const typesIn = (path: string): string[] => {
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    return lines.map((line) => (JSON.parse(line) as BootEvent).type).toSorted();
  };
  const TRANSFER = ['transfer-started', 'transfer-finished'];
  const ALL = ['serving', ...TRANSFER, ...TRANSFER, 'stopping', 'stopped'].toSorted();

  test('is the file that is named, beside the view', async () => {
    const operator = createOperator();
    const log = join(operator.home, 'boot.ndjson');
    writeFileSync(log, '{"type":"a line of yesterday"}\n');
    const { exit, stdout, stderr } = await serveOnce(operator, ['--log', log]);
    expect({ exit, stderr }).toMatchObject({ exit: 0, stderr: expect.stringContaining(`log: ${log}\n`) });
    expect(stdout).toMatch(/^MACHINE .* IGNITION .*LAST$/m);
    expect(typesIn(log)).toEqual(['a line of yesterday', ...ALL]);
  });

  test('is below the runs of the state directory, where there is one', async () => {
    const operator = createOperator();
    const runs = join(operator.stateDir, 'runs');
    mkdirSync(runs, { recursive: true });
    expect((await serveOnce(operator, [])).exit).toBe(0);
    const [run = ''] = readdirSync(runs);
    expect(typesIn(join(runs, run, 'boot.ndjson'))).toEqual(ALL);
  });

  test('is none without a state directory, which is said', async () => {
    const operator = createOperator();
    const { stderr } = await serveOnce(operator, []);
    expect(stderr).toContain('no log is kept (there is no state directory yet): --log FILE names one\n');
    expect(readdirSync(operator.home)).not.toContain('state');
  });

  test('may break: machines are served on, and it is said once', async () => {
    const { exit, stderr } = await serveOnce(createOperator(), ['--log', '/dev/full']);
    expect(exit).toBe(0);
    expect(stderr.match(/the log .* served on/g)).toEqual([
      'the log /dev/full can no longer be written (ENOSPC); machines are served on',
    ]);
  });
});

describe('what it needs is said before it listens', () => {
  test('a log that can be written', async () => {
    const operator = createOperator();
    const images = ['--os-images', imagesOf(operator)];
    const log = join(operator.home, 'no-such/boot.ndjson');
    const { exit, stderr } = await operator.run(['boot', 'serve', ...HOSTS, ...LISTEN, ...images, '--log', log]);
    expect(exit).toBe(2);
    expect(stderr).toContain(`the log ${log} cannot be written (ENOENT)`);
    expect(stderr).toContain('name another file with --log');
  });

  test('images', async () => {
    const { run } = createOperator();
    const { exit, stderr } = await run(['boot', 'serve', ...HOSTS, ...LISTEN]);
    expect(exit).toBe(2);
    expect(stderr).toContain('k8s-diskless boot fetch --os flatcar --channel stable');
  });

  test('a port of its own', async () => {
    const operator = createOperator();
    const images = ['--os-images', imagesOf(operator)];
    const taken = http.createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = taken.address() as { port: number };
      const { exit, stdout, stderr } = await operator.run([
        ...['boot', 'serve', ...HOSTS, ...images],
        ...['--url', `http://127.0.0.1:${port}`],
      ]);
      expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' });
      expect(stderr).toContain(`cannot listen on 127.0.0.1:${port}: something else listens there already`);
    } finally {
      taken.close();
    }
  });

  test('an address, where machines fetch from a name', async () => {
    const operator = createOperator();
    const images = ['--os-images', imagesOf(operator)];
    const { exit, stderr } = await operator.run(['boot', 'serve', ...HOSTS, ...images, '--url', 'http://boot.lab']);
    expect(exit).toBe(2);
    expect(stderr).toContain('--listen ADDRESS:PORT');
  });
});

describe('boot fetch', () => {
  test('says what it could not check', async () => {
    const flatcar = Object.entries(flatcarFiles()).map(([path, data]) => [`/flatcar/stable/${path}`, data]);
    const { url } = await serve(files(Object.fromEntries(flatcar)));
    const fetch = ['boot', 'fetch', '--checksums-only'];
    const plain = createOperator().run(fetch, { K8S_DISKLESS_MIRROR: url });
    const json = createOperator().run([...fetch, '--mirror', url, '--output', 'json']);
    expect((await plain).stdout).toContain('signatures were not checked');
    expect(JSON.parse((await json).stdout)).toMatchObject({
      v: 1,
      os: 'flatcar',
      arch: 'amd64',
      version: FLATCAR_VERSION,
      signedBy: null,
      images: [{ role: 'kernel', path: expect.stringContaining('/blobs/') }, { role: 'initrd' }],
    });
  });

  test('asks whose signatures there must be, before anything is fetched', async () => {
    const { url, requests } = await serve(files({}));
    const { exit, stdout, stderr } = await createOperator().run(['boot', 'fetch', '--mirror', url]);
    expect({ exit, stdout, requests }).toEqual({ exit: 2, stdout: '', requests: [] });
    expect(stderr.replaceAll(/\s+/g, ' ')).toMatch(/Flatcar .*--keyring FILE.*--checksums-only/);
  });

  test('takes a keyring or none, not both', async () => {
    const both = await createOperator().run(['boot', 'fetch', '--keyring', 'keys.asc', '--checksums-only']);
    expect(both.exit).toBe(2);
    expect(both.stderr.replaceAll(/\s+/g, ' ')).toContain("'--checksums-only' cannot be used with option '--keyring");
  });

  test('asks for no keys of what nobody offers', async () => {
    const operator = createOperator();
    const config = join(operator.home, 'c.yaml');
    writeFileSync(config, 'boot: {os: generic, kernel: /k, initrd: /i}\n');
    const none = await operator.run(['boot', 'fetch', '--config', config]);
    expect(none.stderr.replaceAll(/\s+/g, ' ')).toContain('cannot be downloaded from anywhere known');
  });

  test('what is not there', async () => {
    const { url } = await serve(files({}));
    const fetch = ['boot', 'fetch', '--checksums-only', '--mirror', url, '--os', 'fcos'];
    const { exit, stderr } = await createOperator().run(fetch);
    expect(exit).toBe(2);
    expect(stderr).toContain('fcos/streams/stable.json is not there');
  });
});

test('no secret of the operator is in anything served', async () => {
  const operator = createOperator();
  const pki = join(operator.stateDir, 'pki');
  const store = await PkiStore.open({
    directory: pki,
    mode: 'persistent',
    clusterExists: false,
    environment: fixedEnvironment(),
  });
  await store.ensure({ spec: specFor(THREE_NODES), nodes: THREE_NODES });
  writeFileSync(join(operator.home, '.ssh/id'), '-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0LXNlY3JldC1zZWNyZXQ=\n');
  const secrets = readdirSync(pki, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(key|pem|crt|kubeconfig|yaml)$/.test(name))
    .flatMap((name) => readFileSync(join(pki, name), 'utf8').split('\n'))
    .filter((line) => line.length >= 24 && !line.startsWith('-----'));
  expect(secrets.length).toBeGreaterThan(100);
  const running = operator.start([
    'boot',
    'serve',
    ...HOSTS,
    ...LISTEN,
    '--os-images',
    imagesOf(operator),
    '-o',
    'json',
  ]);
  const { port, files: all } = await served(running);
  for (const { name } of all) {
    const text = (await ask(port, `/${name}`)).body.toString();
    const whole = `${text}\n${decodeURIComponent(text.replaceAll(/%(?![0-9A-F]{2})/g, '%25'))}`;
    expect(secrets.filter((line) => whole.includes(line.trim()))).toEqual([]);
    expect(whole).not.toMatch(/PRIVATE KEY|c2VjcmV0|eyJ[\w-]+\.eyJ/);
  }
  for (const path of ['/state/pki/ca.key', '/.ssh/id', `/..${pki}/kubernetes-ca.key`, pki]) {
    expect((await ask(port, path)).status).toBe(404);
  }
});
