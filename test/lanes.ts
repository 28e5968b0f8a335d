/* What runs in which lane: data. Each file of test/e2e stands here once; test/run/lanes.test.ts holds that. */

import { VERSION_TABLE } from '../src/config/version-table.js';

/** One command. A check counts as one test, of vitest each test. */
export interface Layer {
  name: string;
  title: string;
  command: readonly string[];
  /** Runs files of vitest, whose own counts are read from its report. */
  counted?: true;
  /** Programs without which it fails by their names. */
  needs?: readonly string[];
  /** Where it fails, what follows cannot work. */
  gate?: true;
}

/** A part of the long lane: these files on the lab, or these layers. */
export interface Suite {
  title: string;
  /** Roughly, alone on two cores with a warm cache; 60 at most. */
  minutes: number;
  /** Files of test/e2e, without `.test.ts`. */
  files?: readonly string[];
  /** What the lab needs beside its usual builds, as arguments of lab/build/cli.ts. */
  build?: readonly string[];
  /** In place of files. */
  layers?: readonly Layer[];
}

export const NODE_VERSIONS = [20, 22, 24] as const;

const VITEST = 'node_modules/vitest/vitest.mjs';
const run = (project: string): string[] => [VITEST, 'run', '--project', project];

export const CHECKS: readonly Layer[] = [
  { name: 'format', title: 'format and lint', command: ['node_modules/.bin/biome', 'ci', '.'] },
  { name: 'types', title: 'types', command: ['node_modules/.bin/tsc', '--noEmit'] },
  { name: 'unused', title: 'unused code', command: ['node_modules/.bin/knip'] },
  { name: 'used', title: 'code that only tests use', command: ['node_modules/.bin/knip', '--production'] },
];

const RUNNING = Number(process.versions.node.split('.')[0]);

/** The tests of the fast lane under a Node of this major version. */
export function unitTests(major = RUNNING): Layer {
  const node = major === RUNNING ? ['node'] : ['npm', 'exec', '--yes', `--package=node@${major}`, '--', 'node'];
  const title = `unit tests under Node ${major}`;
  return { name: `unit-${major}`, title, command: [...node, ...run('fast*')], counted: true };
}

const REFERENCE: Layer = {
  name: 'reference',
  title: 'tests against reference tools',
  command: ['node', ...run('reference')],
  counted: true,
  needs: [
    ...[
      'bash',
      'busybox',
      'chromium',
      'curl',
      'dnsmasq',
      'go',
      'gofmt',
      'gpg',
      'gpgv',
      'ip',
      'openssl',
      'ps',
      'script',
    ],
    ...['shellcheck', 'ssh', 'ssh-add', 'ssh-agent', 'ssh-keygen', 'systemd-socket-activate', 'tar', 'unshare', 'zstd'],
  ],
};

const FRESH_CLONE: Layer = {
  name: 'fresh-clone',
  title: 'fast lane in a fresh clone',
  command: ['test/run/fresh-clone.sh'],
};

const SETUP: Layer = { name: 'setup', title: 'what the lab needs', command: ['sh', 'lab/setup.sh'], gate: true };

/** Its first time is that of a compiler, for which no test's limit is made. */
function labBuild(args: readonly string[] = []): Layer {
  const command = ['node_modules/.bin/tsx', 'lab/build/cli.ts', ...args];
  return { name: 'build', title: 'build of the lab', command, gate: true };
}

function labTests(name: string, title: string, files: readonly string[]): Layer {
  const paths = files.map((file) => `test/e2e/${file}.test.ts`);
  return { name, title, command: ['node', ...run('e2e'), ...paths], counted: true };
}

/** Each promise of the README once, on the lab. */
export const CORE: readonly string[] = [
  'one-control-plane',
  'three-control-planes',
  'reruns',
  'quorum',
  'ssh-ways',
  'bad-input',
  'bench-quick',
];

/** `npm test`; test/run.sh has set up the machine. */
export const TEST: readonly Layer[] = [
  ...CHECKS,
  unitTests(),
  // Among the reference tools is etcd, which the lab builds.
  labBuild(),
  REFERENCE,
  labTests('core', 'core of the lab', CORE),
];

/** So many as a small machine has cores: each test gets half of what it has alone. */
const BUSY = 2;

/** The core of the lab on a machine that others keep busy: no test may fail because of that. */
function coreBesideBusy(): readonly Layer[] {
  const core = labTests('core', `core of the lab beside ${BUSY} busy processes`, CORE);
  const beside = ['node_modules/.bin/tsx', 'test/run/beside-busy.ts', String(BUSY)];
  return [SETUP, labBuild(), { ...core, command: [...beside, ...core.command] }];
}

export function layersOf({ title, files, build, layers = [] }: Suite): readonly Layer[] {
  return files === undefined ? layers : [SETUP, labBuild(build), labTests('lab', title, files)];
}

export const SUITES: Readonly<Record<string, Suite>> = {
  node: {
    title: 'the fast lane in a fresh clone on a bare machine, and under each Node',
    minutes: 15,
    layers: [FRESH_CLONE, ...NODE_VERSIONS.map((major) => unitTests(major))],
  },
  lab: {
    title: 'the lab itself',
    minutes: 10,
    files: ['lab', 'lab-cli', 'lab-machines', 'lab-network', 'lab-options'],
    build: ['--machines'],
  },
  awkward: {
    title: 'awkward nodes, networks and flags',
    minutes: 15,
    files: ['api-proxy', 'bad-targets', 'containerd', 'drift', 'flags', 'node-network', 'pki-renew'],
  },
  doctor: {
    title: '`doctor` on a cluster that is well, and with one thing broken after the other',
    minutes: 10,
    files: ['doctor'],
  },
  five: {
    title: 'five control planes, five nodes over vxlan',
    minutes: 5,
    files: ['five-control-planes', 'five-nodes-vxlan'],
  },
  faults: {
    title: 'reboots and cuts in the middle of `up`',
    minutes: 10,
    files: ['faults', 'older-data', 'rejoin'],
  },
  'day-two': {
    title: 'people, their rights and limits as a student finds them; nodes that leave',
    minutes: 10,
    files: ['users', 'remove', 'roles', 'reset'],
  },
  upgrade: {
    title: 'from one minor of Kubernetes to the next, killed and cut off on the way',
    minutes: 10,
    files: ['upgrade'],
    build: ['--generation', '1.36', '--generation', 'newest'],
  },
  'kill-points': {
    title: '`up` killed at every step, and run again',
    minutes: 15,
    files: ['kill-points'],
  },
  memory: {
    title: 'all control planes lose power, and the cluster comes back from its snapshots',
    minutes: 40,
    files: ['total-loss', 'serve', 'strays', 'two-operators'],
  },
  soak: {
    title: '`serve` for most of an hour while machines reboot and lose power, which is recorded',
    minutes: 60,
    files: ['soak'],
  },
  bench: {
    title: 'measurements that are disturbed',
    minutes: 15,
    files: ['bench'],
  },
  slow: {
    title: 'the core of the lab on a busy machine; meant is three times in a row (--only slow,slow,slow)',
    minutes: 30,
    layers: coreBesideBusy(),
  },
  versions: {
    title: 'every row of the version table, which is recorded',
    minutes: 60,
    files: ['versions'],
    build: VERSION_TABLE.flatMap(({ minor }) => ['--generation', `1.${minor}`]),
  },
  conformance: {
    title: "Kubernetes' own conformance tests, which are recorded",
    minutes: 60,
    files: ['conformance'],
    build: ['--conformance'],
  },
  'node-conformance': {
    title: 'its tests of a node on an emulated machine, which are recorded',
    minutes: 60,
    files: ['node-conformance'],
    build: ['--machines', '--conformance'],
  },
  machines: {
    title: 'emulated machines that boot over the network',
    minutes: 15,
    files: ['boot-machines', 'boot-proxy'],
    build: ['--machines'],
  },
};
