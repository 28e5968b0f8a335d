import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { NEWEST } from '../../src/config/version-table.js';
import { PROGRAM } from '../helpers/program.js';
import { execute, type Finished, said } from './helpers/cli.js';
import { createWorld, type World } from './helpers/cluster-world.js';
import { nodeSnapshot } from './helpers/snapshot.js';

/* Where the control plane itself is what is wrong: refused with the place named, no cluster, nothing changed anywhere. */

let world: World;
let scratch: string;
let blank: string[];

beforeAll(async () => {
  world = await createWorld('e2e-targets', [
    { name: 's4' },
    { name: 's5' },
    { name: 's6', options: ['hostname=twin', 'sudo-password'] },
    { name: 's7', options: ['hostname=twin', 'little-memory=300m'] },
    { name: 's8', options: ['hostname=twin'] },
    { name: 's9', options: ['ssh-sessions=1'] },
  ]);
  scratch = await mkdtemp(join(tmpdir(), 'k8s-diskless-targets-'));
  blank = await snapshots();
});
afterEach(async () => {
  expect(await snapshots()).toEqual(blank);
  expect((await readdir(world.operator.stateDir)).filter((name) => name === 'cluster.yaml')).toEqual([]);
});
afterAll(async () => {
  await world?.down();
  await rm(scratch, { recursive: true, force: true });
});

const snapshots = (): Promise<string[]> => Promise.all(world.nodes.map((node) => nodeSnapshot(world.lab, node)));
const addressOf = (node: string): string => world.lab.node(node).nics[0]?.address ?? '';

function told(finished: Finished, exit: number): string {
  expect(finished.exit, said(finished)).toBe(exit);
  return finished.stdout + finished.stderr;
}

const refused = async (args: readonly string[], exit: number): Promise<string> =>
  told(await world.operator.run(['up', '--output', 'plain', ...args]), exit);

async function configFile(config: object): Promise<string> {
  const file = join(scratch, 'config.json');
  await writeFile(file, JSON.stringify(config));
  return file;
}

/** Runs `up` after these commands of a root shell, in a mount namespace of their own. */
async function refusedAfter(prepare: string, args: readonly string[], exit: number): Promise<string> {
  const script = `set -e\n${prepare}\nexec "$@"`;
  const command = [
    '--mount',
    'bash',
    '-c',
    script,
    'bash',
    process.execPath,
    PROGRAM,
    'up',
    '--output',
    'plain',
    ...args,
  ];
  return told(await execute('unshare', command, world.operator.env), exit);
}

describe('names', () => {
  /** Names are looked up in a file of the test's own and nowhere else. */
  async function withHosts(lines: string): Promise<string> {
    const [hosts, nsswitch] = [join(scratch, 'hosts'), join(scratch, 'nsswitch.conf')];
    await writeFile(hosts, lines);
    await writeFile(nsswitch, 'hosts: files\n');
    return `mount --bind ${hosts} /etc/hosts; mount --bind ${nsswitch} /etc/nsswitch.conf`;
  }

  it('an unknown host', async () => {
    const text = await refusedAfter(await withHosts(''), ['--hosts', 'nosuch'], 5);
    expect(text).toMatch(/nosuch:22: the name has no address/);
  });

  it('one name that leads to two machines, both named', async () => {
    const hosts = await withHosts(`${addressOf('s4')} two\n${addressOf('s5')} two\n`);
    const text = await refusedAfter(hosts, ['--hosts', 'two'], 5);
    expect(text).toContain('two leads to more than one machine');
    for (const node of ['s4', 's5']) expect(text).toContain(addressOf(node));
  });

  it('two names that lead to one machine', async () => {
    const text = await refused(['--hosts', `s4,again=${addressOf('s4')}`, '--control-plane', 's4'], 5);
    expect(text).toContain('it is the same machine as again');
    expect(text).toContain(`its node IP ${addressOf('s4')} is also that of again`);
  });

  it('one node IP for two nodes', async () => {
    const hosts = ['s4', 's5'].map((name) => ({ name, nodeIp: addressOf('s4') }));
    const text = await refused(['--config', await configFile({ hosts, controlPlane: ['s4'] })], 2);
    expect(text).toMatch(/config\.json:\d+:\d+ .*nodeIp/);
  });

  it('one host name for two machines', async () => {
    const text = await refused(['--hosts', 's8,s7', '--control-plane', 's8'], 5);
    expect(text).toContain('its host name twin is also that of s7');
  });
});

describe('networks', () => {
  it('pods that would live in the network of the nodes', async () => {
    const network = { podCidr: '10.146.0.0/16' };
    const text = await refused(['--config', await configFile({ hosts: ['s4'], network })], 5);
    const route = addressOf('s4').replace(/\d+$/, '0/24');
    expect(text).toContain(`its route ${route} (eth0) overlaps the pod network 10.146.0.0/16`);
  });

  it('services in what the config says is the network of the nodes', async () => {
    const network = { serviceCidr: '10.146.0.0/16', nodeCidr: '10.146.225.0/24' };
    const text = await refused(['--config', await configFile({ hosts: ['s4'], network })], 2);
    expect(text).toMatch(/config\.json:\d+:\d+ network\.nodeCidr: .*overlaps\s+network\.serviceCidr/s);
  });
});

describe('the only control plane', () => {
  it('does not know our key: that is said, not that it cannot be reached', async () => {
    const key = join(scratch, 'stranger');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    const own = await readFile(world.operator.env.K8S_DISKLESS_SSH_CONFIG ?? '', 'utf8');
    const config = join(scratch, 'ssh_config');
    await writeFile(config, own.replace(/IdentityFile .*/, `IdentityFile ${key}`));
    const text = await refused(['--hosts', 's4', '--ssh-config', config], 5);
    expect(text).toContain('does not let user core in with any of the keys at hand');
    expect(text).not.toContain('cannot be reached');
  });

  it('asks for a sudo password', async () => {
    const text = await refused(['--hosts', 's6'], 5);
    expect(text).toMatch(/s6.*sudo/);
    expect(text).not.toContain('cannot be reached');
  });

  it('opens one session at a time: two are needed', async () => {
    const text = await refused(['--hosts', 's9'], 5);
    expect(text.replaceAll(/\s+/g, ' ')).toMatch(/s9.*opens one session at a time.*MaxSessions/);
  });

  it('has too little RAM: how much it has, and how much is needed', async () => {
    const text = await refused(['--hosts', 's7'], 5);
    expect(text).toMatch(/240 MiB of memory are available, [1-9]\d{3} MiB are needed for a control-plane/);
  });
});

describe('control planes', () => {
  it('two of which have a port shut to the others: ports and pairs, before any etcd is started', async () => {
    const shut = (verb: string) =>
      Promise.all(
        ['s5', 's8'].map((node) =>
          world.lab.exec(node, ['iptables', verb, 'INPUT', '-p', 'tcp', '--dport', '2380', '-j', 'DROP']),
        ),
      );
    await shut('-A');
    try {
      const text = await refused(['--hosts', 's4,s5,s8', '--control-plane', 's4,s5,s8'], 5);
      const words = text.replaceAll(/\s+/g, ' ');
      for (const node of ['s5', 's8']) expect(words).toContain(`s4 does not reach TCP port 2380 (etcd) of ${node}`);
    } finally {
      await shut('-D');
    }
  });
});

describe('on the operator', () => {
  it('a damaged artifact', async () => {
    const copy = join(scratch, 'artifacts');
    execFileSync('cp', ['-rs', world.operator.env.K8S_DISKLESS_ARTIFACTS ?? '', copy]);
    const kubelet = join(copy, `kubernetes/v${NEWEST.kubernetes}/bin/linux/amd64/kubelet`);
    await rm(kubelet);
    await writeFile(kubelet, 'not what was released');
    expect(await refused(['--hosts', 's4', '--artifacts', copy], 2)).toContain(`${kubelet} is damaged`);
  });

  it.each(['state', 'state/below'])('a state directory that cannot be written to (%s)', async (place) => {
    const mounted = join(scratch, 'state');
    const prepare = `mkdir -p ${mounted}; mount -t tmpfs -o ro none ${mounted}`;
    const directory = join(scratch, place);
    const text = await refusedAfter(prepare, ['--hosts', 's4', '--state-dir', directory], 2);
    expect(text).toContain(directory);
  });
});
