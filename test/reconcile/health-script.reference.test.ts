import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { healthScript, parseHealth, type Unhealthy } from '../../src/reconcile/health-script.js';
import { execute } from '../e2e/helpers/cli.js';

/* The script as bash runs it, with the real curl and a real server; only systemd is played. */

let directory: string;
let server: Server;
let answers: number[];
/** Where the fake of containerd's check notes that it was asked. */
let asked: string;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'k8s-diskless-health-'));
  systemd({ restarts: 0, startedSecondsAgo: 1 });
  asked = join(directory, 'asked');
  containerd('');
  answers = [];
  server = createServer((_request, response) => response.writeHead(answers.shift() ?? 200).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.close();
  rmSync(directory, { recursive: true });
});

function systemd({ restarts, startedSecondsAgo }: { restarts: number; startedSecondsAgo: number }): void {
  const uptime = Number(execFileSync('cut', ['-d', '.', '-f', '1', '/proc/uptime'], { encoding: 'utf8' }));
  const started = (uptime - startedSecondsAgo) * 1_000_000;
  const program = join(directory, 'systemctl');
  writeFileSync(program, `#!/bin/sh\ncase $3 in NRestarts) echo ${restarts} ;; *) echo ${started} ;; esac\n`);
  chmodSync(program, 0o755);
}

/** One that ends some more times between any two looks. */
function endsOften(timesPerLook: number): void {
  const count = join(directory, 'count');
  writeFileSync(count, '100');
  const answer = `n=$(cat ${count}); echo $((n + ${timesPerLook})) >${count}; echo $n`;
  writeFileSync(join(directory, 'systemctl'), `#!/bin/sh\ncase $3 in NRestarts) ${answer} ;; *) echo 0 ;; esac\n`);
}

/** What the node's look at containerd does. */
function containerd(...commands: string[]): void {
  const answers = commands.map((command, index) => `${index + 1}) ${command} ;;`).join(' ');
  const script = `#!/bin/sh\necho cri >>${asked}\ncase $(grep -c . ${asked}) in ${answers} *) ;; esac\n`;
  writeFileSync(join(directory, 'check'), script);
  chmodSync(join(directory, 'check'), 0o755);
}

/** Nobody listens on port 1. */
const DEAD = 'http://127.0.0.1:1/healthz';
const living = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/healthz`;

async function look(urls: string[], patienceS: number): Promise<Unhealthy[]> {
  const endpoints = urls.map((url, index) => ({ unit: `u${index}.service`, url }));
  const env = { ...process.env, PATH: `${directory}:${process.env.PATH}` };
  const { command, input } = healthScript({ endpoints, containerdCheck: join(directory, 'check'), patienceS });
  const { exit, stdout, stderr } = await execute('sh', ['-c', command], env, input);
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
  return parseHealth(`Welcome, core!\n${stdout}`);
}

describe('healthScript', () => {
  it('prints nothing when everything answers, and asks once', async () => {
    answers = [200, 200, 500];
    expect(await look([living(), living()], 30)).toEqual([]);
    expect(answers).toEqual([500]);
  });

  it('waits for one that is not well yet', async () => {
    answers = [503, 503, 200];
    expect(await look([living()], 30)).toEqual([]);
    expect(answers).toEqual([]);
  });

  it('takes an answer that is kept from us for a sign of life', async () => {
    answers = [403];
    expect(await look([living()], 0)).toEqual([]);
  });

  it('names those that are not well when its time is up', async () => {
    answers = [500];
    expect(await look([living(), DEAD], 0)).toEqual([
      { unit: 'u0.service', why: 'answers with HTTP 500' },
      { unit: 'u1.service', why: 'does not answer' },
    ]);
  });

  it('does not believe a daemon that was started again a moment ago', async () => {
    // Not yet started, so to say: however slow this machine is, it has not outlived anything.
    systemd({ restarts: 7, startedSecondsAgo: -60 });
    expect(await look([living()], 0)).toEqual([
      { unit: 'u0.service', why: 'keeps ending: systemd started it again 7 times' },
    ]);
  });

  it('does not wait for one that keeps ending, however much time there is, and names no other', async () => {
    endsOften(5);
    // Of two units the first one's count is all there is.
    expect(await look([DEAD, DEAD], 3600)).toEqual([
      { unit: 'u0.service', why: 'keeps ending: systemd started it again 115 times' },
    ]);
  });

  it('waits for one that ended often before anybody looked', async () => {
    systemd({ restarts: 500, startedSecondsAgo: 60 });
    answers = [503, 503, 200];
    expect(await look([living()], 30)).toEqual([]);
  });

  it('waits for one that ends once while it is looked at, as kube-proxy does when its Node changes', async () => {
    // Down at the first look, just started again at the second, and it has run since at the third.
    const looks = join(directory, 'looks');
    writeFileSync(looks, '0');
    const uptime = Number(execFileSync('cut', ['-d', '.', '-f', '1', '/proc/uptime'], { encoding: 'utf8' }));
    const started = `echo $(($(cat ${looks}) < 3 ? ${(uptime + 60) * 1e6} : 0))`;
    const restarts = `n=$(($(cat ${looks}) + 1)); echo $n >${looks}; echo $((n > 1))`;
    writeFileSync(
      join(directory, 'systemctl'),
      `#!/bin/sh\ncase $3 in NRestarts) ${restarts} ;; *) ${started} ;; esac\n`,
    );
    answers = [503, 200, 200, 500];
    expect(await look([living()], 30)).toEqual([]);
    expect(answers).toEqual([500]);
  });

  it('believes one that ended once and has run since', async () => {
    systemd({ restarts: 1, startedSecondsAgo: 60 });
    expect(await look([living()], 0)).toEqual([]);
  });

  it('asks containerd once when it is well, however long the others take', async () => {
    answers = [503, 503, 200];
    expect(await look([living()], 30)).toEqual([]);
    expect(readFileSync(asked, 'utf8')).toBe('cri\n');
  });

  it('asks containerd again when systemd has started it anew, or it is gone', async () => {
    const looks = join(directory, 'looks');
    writeFileSync(looks, '0');
    const counted = `n=$(($(cat ${looks}) + 1)); echo $n >${looks}`;
    // Of u0, then of containerd: active at first, then failed.
    const states = `${counted}; echo active; if [ $n -gt 1 ]; then echo failed; else echo active; fi`;
    writeFileSync(
      join(directory, 'systemctl'),
      `#!/bin/sh\ncase $3 in ActiveState) ${states} ;; *) echo 0; echo 0 ;; esac\n`,
    );
    containerd(':', "printf 'ended\\037has ended: no runtime'; exit 2");
    answers = [503, 503];
    expect(await look([living()], 300)).toEqual([{ unit: 'containerd.service', why: 'has ended: no runtime' }]);
    expect(answers).toEqual([]);
  });

  it('tells the look at containerd how often it had been started when it began', async () => {
    writeFileSync(
      join(directory, 'systemctl'),
      '#!/bin/sh\ncase $3 in ActiveState) echo active ;; *) echo 0; echo 4 ;; esac\n',
    );
    writeFileSync(join(directory, 'check'), `#!/bin/sh\necho "$*" >${asked}\n`);
    expect(await look([living()], 0)).toEqual([]);
    expect(readFileSync(asked, 'utf8')).toBe('cri 0 4\n');
  });

  it('does not wait for a daemon that systemd has given up', async () => {
    writeFileSync(
      join(directory, 'systemctl'),
      '#!/bin/sh\ncase $3 in ActiveState) echo failed ;; *) echo 0 ;; esac\n',
    );
    expect(await look([DEAD], 300)).toEqual([
      { unit: 'u0.service', why: 'has failed, and systemd does not start it again' },
    ]);
  });

  it('waits for a containerd that does not answer yet', async () => {
    containerd("printf 'cri\\037does not answer'; exit 1", "printf 'cri\\037does not answer'; exit 1");
    expect(await look([living()], 30)).toEqual([]);
    expect(readFileSync(asked, 'utf8')).toBe('cri\ncri\ncri\n');
  });

  it('does not take silence for consent when the look at containerd itself fails', async () => {
    containerd('exit 127');
    expect(await look([living()], 0)).toEqual([
      {
        unit: 'containerd.service',
        why: `was not asked: ${join(directory, 'check')} ended with exit code 127`,
      },
    ]);
  });

  it('does not wait for a CRI plugin that is down, and names nothing that follows from it', async () => {
    containerd("printf 'cri\\037runs, but its CRI plugin does not: no runtime'; exit 2");
    expect(await look([DEAD], 3600)).toEqual([
      { unit: 'containerd.service', why: 'runs, but its CRI plugin does not: no runtime' },
    ]);
  });
});
