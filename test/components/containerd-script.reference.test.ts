import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { execute } from '../e2e/helpers/cli.js';
import { goldenConfig, recordedDump } from './containerd-golden.js';

/* The script itself. What containerd and ctr answer was recorded from 1.6.20 (Debian) and 2.4.2. */

const SCRIPT = fileURLToPath(new URL('../../manifests/node/k8s-diskless-containerd.bash', import.meta.url));

let dir: string;
const fake = async (name: string, text: string): Promise<void> => {
  await writeFile(join(dir, name), `#!/bin/bash\n${text}\n`);
  await chmod(join(dir, name), 0o755);
};

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'containerd-script-'));
  await mkdir(join(dir, 'unit'));
  await unit(`${dir}/unit/containerd`);
  // The first of PATH is not the one that runs.
  await fake('containerd', 'exit 9');
  await fake('sleep', 'exec /bin/sleep 0.01');
});
afterEach(() => rm(dir, { recursive: true }));

/** As systemd shows it: without resolving variables. */
async function unit(argv: string, pid = 0): Promise<void> {
  const start = `path=${argv.split(' ')[0]} ; argv[]=${argv} ; ignore_errors=no ; start_time=[n/a]`;
  await fake('systemctl', `case $* in *ExecStart*) echo '{ ${start} }' ;; *MainPID*) echo ${pid} ;; esac`);
}

async function run(...args: string[]): Promise<{ exit: number | null; told: string[][] }> {
  const env = {
    ...process.env,
    PATH: `${dir}:${process.env.PATH}`,
    K8S_DISKLESS_CONTAINERD_CONFIG: join(dir, 'config.toml'),
  };
  const { exit, stdout, stderr } = await execute('bash', [SCRIPT, ...args], env);
  expect(stderr).toBe('');
  const lines = stdout.split('\n').filter(Boolean);
  return { exit, told: lines.map((line) => line.split('\x1f')) };
}

describe('k8s-diskless-containerd config', () => {
  type Recorded = '1.6.20' | '2.4.2';

  /** A containerd that dumps what was recorded, but for a change. */
  async function given(version: Recorded, change: (dump: string) => string = (dump) => dump): Promise<void> {
    await writeFile(join(dir, 'config.toml'), readFileSync(goldenConfig(version)));
    await writeFile(join(dir, 'dump'), change(readFileSync(recordedDump(version), 'utf8')));
    const command = `--config ${join(dir, 'config.toml')} config dump`;
    await fake(
      'unit/containerd',
      `[[ $* == '${command}' ]] || exit 1; echo a warning >&2; exec cat '${join(dir, 'dump')}'`,
    );
  }

  it.each<Recorded>(['1.6.20', '2.4.2'])('finds all of it in what %s dumps', async (version) => {
    await given(version);
    expect(await run('config')).toEqual({ exit: 0, told: [] });
  });

  it.each<[Recorded, string, string, string[]]>([
    [
      '1.6.20',
      'sandbox_image = .*',
      '',
      ['plugins."io.containerd.grpc.v1.cri".sandbox_image', '"registry.k8s.io/pause:3.10"', ''],
    ],
    [
      '1.6.20',
      'SystemdCgroup = true',
      'SystemdCgroup = false',
      ['plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options.SystemdCgroup', 'true', 'false'],
    ],
    [
      '2.4.2',
      'bin_dirs = .*',
      "bin_dirs = ['/usr/lib/cni']",
      ['plugins."io.containerd.cri.v1.runtime".cni.bin_dirs', '["/opt/cni/bin"]', '["/usr/lib/cni"]'],
    ],
    [
      '2.4.2',
      'sandbox = .*',
      "sandbox = 'registry.k8s.io/pause:3.9'",
      [
        'plugins."io.containerd.cri.v1.images".pinned_images.sandbox',
        '"registry.k8s.io/pause:3.10"',
        '"registry.k8s.io/pause:3.9"',
      ],
    ],
    ['2.4.2', 'oom_score = .*', 'oom_score = 0', ['oom_score', '-999', '0']],
    [
      '2.4.2',
      'disabled_plugins = .*',
      "disabled_plugins = ['io.containerd.grpc.v1.cri']",
      ['disabled_plugins', '[]', '["io.containerd.grpc.v1.cri"]'],
    ],
    [
      '1.6.20',
      'disabled_plugins = .*',
      'disabled_plugins = ["io.containerd.grpc.v1.cri"]',
      ['disabled_plugins', '[]', '["io.containerd.grpc.v1.cri"]'],
    ],
  ])('names of %s what is not in effect: %s', async (version, pattern, instead, told) => {
    await given(version, (dump) => dump.replace(new RegExp(pattern), instead));
    expect(await run('config')).toEqual({ exit: 0, told: [['setting', ...told]] });
  });

  // Of Flatcar 3510.
  const TORCX = `/usr/bin/env PATH=\${TORCX_BINDIR}:\${PATH} \${TORCX_BINDIR}/containerd --config \${TORCX_CONFIG}`;

  it('asks the containerd of the unit behind env', async () => {
    await given('2.4.2');
    await unit(`/usr/bin/env PATH=/elsewhere ${dir}/unit/containerd --config /etc/other.toml`);
    expect(await run('config')).toEqual({ exit: 0, told: [] });
  });

  it('asks the containerd that runs where its path is in a variable', async () => {
    await given('2.4.2');
    await copyFile('/bin/sleep', join(dir, 'unit/containerd'));
    const running = spawn(join(dir, 'unit/containerd'), ['60']);
    try {
      await once(running, 'spawn');
      await unit(TORCX, running.pid);
      // sleep knows no such option, and names itself.
      const { told } = await run('config');
      expect(told).toEqual([['unreadable', expect.stringContaining(join(dir, 'unit/containerd'))]]);
    } finally {
      running.kill();
    }
  });

  it('asks the containerd of PATH where its path is in a variable and none runs', async () => {
    await given('2.4.2');
    await rename(join(dir, 'unit/containerd'), join(dir, 'containerd'));
    await unit(TORCX);
    expect(await run('config')).toEqual({ exit: 0, told: [] });
  });

  it('does not mind plugins that are disabled and no part of the CRI', async () => {
    const others = "disabled_plugins = ['io.containerd.snapshotter.v1.zfs', 'io.containerd.nri.v1.nri']";
    await given('2.4.2', (dump) => dump.replace(/disabled_plugins = .*/, others));
    expect((await run('config')).told).toEqual([]);
  });

  it('says why containerd cannot read it', async () => {
    await given('2.4.2');
    const reason = 'containerd: toml: cannot decode TOML integer into struct field';
    await fake('unit/containerd', `echo a warning >&2; echo '${reason}' >&2; exit 1`);
    expect(await run('config')).toEqual({ exit: 0, told: [['unreadable', reason]] });
  });
});

describe('k8s-diskless-containerd cri', () => {
  const ctr = (...answers: string[]): Promise<void> => {
    const cases = answers.map((answer, index) => `${index}) ${answer} ;;`).join(' ');
    const counted = `n=$(cat '${dir}/n' 2>/dev/null || echo 0); echo $((n + 1)) >'${dir}/n'`;
    return fake(
      'ctr',
      `[[ $* == *'plugins ls -d id==cri' ]] || exit 9\n${counted}\ncase $n in ${cases} *) exit 8 ;; esac`,
    );
  };
  const says = (...lines: string[]): string => `printf '%s\\n' ${lines.map((line) => `'${line}'`).join(' ')}`;
  const warning =
    'time="2026-11-30T14:06:29Z" level=warning msg="DEPRECATION: The support for cgroup v1 is deprecated"';
  const head = [
    'Type:         io.containerd.grpc.v1',
    'ID:           cri',
    'Requires:    ',
    '              io.containerd.nri.v1',
  ];
  const failed = [
    'Error:       ',
    '              Code:        Unknown',
    '              Message:     invalid plugin config: no runtime',
  ];
  const refused = `${says('ctr: failed to dial "/run/containerd/containerd.sock": connection refused')} >&2; exit 1`;

  it('says nothing of one that is up', async () => {
    await ctr(says(warning, ...head));
    expect(await run('cri')).toEqual({ exit: 0, told: [] });
  });

  it.each([
    [
      'is broken, with the reason',
      [...head, ...failed],
      'runs, but its CRI plugin does not: invalid plugin config: no runtime',
    ],
    ['is broken and says no reason', [...head, 'Error:'], 'runs, but its CRI plugin does not: it does not say why'],
    ['is disabled', [warning], 'runs without its CRI plugin: something disables it'],
  ])('says that it %s, which only another start can change', async (_, answer, why) => {
    await ctr(says(...answer));
    expect(await run('cri', '60')).toEqual({ exit: 2, told: [['cri', why]] });
  });

  it('says that containerd does not answer, which may pass', async () => {
    await ctr(refused);
    const why = 'does not answer: ctr: failed to dial "/run/containerd/containerd.sock": connection refused';
    expect(await run('cri')).toEqual({ exit: 1, told: [['silent', why]] });
  });

  it('waits for one that was started a moment ago', async () => {
    await ctr(refused, refused, says(...head));
    expect(await run('cri', '60')).toEqual({ exit: 0, told: [] });
  });

  describe('of one that has ended', () => {
    const refusedAlways = (): Promise<void> => fake('ctr', refused);
    /** `restarts` may be a command that counts. */
    const systemd = (state: string, restarts: string): Promise<void> =>
      fake(
        'systemctl',
        `case $* in *ActiveState*) echo ${state} ;; *NRestarts*) ${restarts} ;; *Result*) echo oom-kill ;; esac`,
      );
    const log = (...lines: string[]): Promise<void> =>
      fake('journalctl', `[[ $* == *'_SYSTEMD_UNIT=containerd.service' ]] || exit 9\n${says(...lines)}`);
    const counting = (): string => `n=$(cat '${dir}/n' 2>/dev/null || echo 7); echo $((n + 1)) >'${dir}/n'; echo $n`;

    it.each(['failed', 'inactive'])('does not wait where systemd calls it %s, and names its reason', async (state) => {
      await refusedAlways();
      await systemd(state, 'echo 0');
      const reason = 'containerd: failed to load plugin: no runtime';
      await log('time="1" level=info msg="starting"', reason, 'time="2" level=info msg="bye"');
      const why = `has ended, and systemd does not start it again: ${reason}`;
      expect(await run('cri', '300')).toEqual({ exit: 2, told: [['ended', why]] });
    });

    it('does not wait for one that systemd has started again three times meanwhile', async () => {
      await refusedAlways();
      await systemd('activating', counting());
      await log('fatal error: out of memory', 'goroutine 1 [running]:');
      const why = 'keeps ending, systemd started it again 10 times: fatal error: out of memory';
      expect(await run('cri', '300')).toEqual({ exit: 2, told: [['ended', why]] });
    });

    it('counts from where the caller began to count', async () => {
      await refusedAlways();
      await systemd('activating', 'echo 10');
      await log('its last words');
      const why = 'keeps ending, systemd started it again 10 times: its last words';
      expect(await run('cri', '0', '7')).toEqual({ exit: 2, told: [['ended', why]] });
      expect((await run('cri', '0', '8')).exit).toBe(1);
      expect((await run('cri', '0')).exit).toBe(1);
    });

    it('says how systemd calls its end where its log is empty', async () => {
      await refusedAlways();
      await systemd('failed', 'echo 0');
      await fake('journalctl', ':');
      const why = 'has ended, and systemd does not start it again: its log is empty, systemd calls it oom-kill';
      expect(await run('cri', '300')).toEqual({ exit: 2, told: [['ended', why]] });
    });
  });
});
