import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type RunInputs, readInputs } from '../../src/app/inputs.js';
import type { RunFlags } from '../../src/commands/options.js';
import { hostKeyPolicyOf } from '../../src/config/ssh-settings.js';
import { writeClusterRecord } from '../../src/state/record-files.js';
import { prepareStateDir } from '../../src/state/state-dir.js';
import { artifactsDirectory, rejection, temporaryDirectory } from '../artifacts/fixtures.js';
import { OPERATOR } from '../helpers/sample-facts.js';

/* What one run of `up` says of SSH holds for the next, which says nothing. */

let scratch: string;
let artifacts: string;

beforeEach(() => {
  scratch = temporaryDirectory();
  artifacts = artifactsDirectory();
  vi.stubEnv('XDG_CACHE_HOME', join(scratch, 'cache'));
});
afterEach(() => vi.unstubAllEnvs());

const read = (flags: Partial<RunFlags> = {}): Promise<RunInputs> => {
  const fixed = {
    output: 'plain' as const,
    verbose: false,
    verify: false,
    newCluster: false,
    artifacts,
  };
  const stateDir = join(scratch, 'state');
  return readInputs({ ...fixed, stateDir, ...flags }, new AbortController().signal, () => {});
};

/** As a run does that got as far as a plan. */
async function record({ state, spec }: RunInputs): Promise<void> {
  await prepareStateDir(state);
  const etcd = { incarnation: 0, phase: 'none' as const, token: '', members: [], bootIds: {} };
  await writeClusterRecord(state, { clusterId: 'cafe', operator: OPERATOR, spec, etcd });
}

const config = (yaml: string): string => {
  const path = join(scratch, 'cluster.yaml');
  writeFileSync(path, yaml);
  return path;
};

it('the section ssh of a config file', async () => {
  writeFileSync(join(scratch, 'ssh_config'), '');
  const section = '{hostKeyPolicy: strict, configFile: ssh_config, connectTimeout: 9s, user: core}';
  const first = await read({ config: config(`hosts: [s4]\nssh: ${section}\n`) });
  await record(first);
  const { spec, notes } = await read();
  expect(spec.ssh).toEqual({
    hostKeyPolicy: 'strict',
    configFile: join(scratch, 'ssh_config'),
    connectTimeout: 9_000,
    user: 'core',
  });
  expect(notes).toEqual([]);
  expect((await read({ hosts: 's4,s5' })).spec.nodes[1]?.ssh).toEqual({ host: 's5', user: 'core' });
});

it('flags, the path of an ssh_config wherever it was typed', async () => {
  const configFile = join(scratch, 'ssh_config');
  writeFileSync(configFile, '');
  const sshConfig = relative(process.cwd(), configFile);
  const first = await read({ hosts: 's4', sshConfig, hostKeyPolicy: 'strict', connectTimeout: 9 });
  expect(first.spec.ssh).toEqual({ hostKeyPolicy: 'strict', configFile, connectTimeout: 9_000 });
  await record(first);
  expect((await read()).spec.ssh).toEqual(first.spec.ssh);
});

it('another policy is told, and so is a recorded one that trusts everybody', async () => {
  await record(await read({ hosts: 's4', hostKeyPolicy: 'strict' }));
  const loosened = await read({ hostKeyPolicy: 'insecure' });
  const told = ({ notes }: RunInputs): string[] => notes.map(({ message }) => message);
  expect(told(loosened)).toEqual(['host-key policy: insecure from now on, no longer strict']);
  await record(loosened);
  const again = await read();
  expect(hostKeyPolicyOf(again.spec.ssh)).toBe('insecure');
  expect(told(again)).toEqual([expect.stringContaining('insecure is recorded, so host keys are not checked')]);
});

it('a recorded ssh_config that is gone is named before any node is contacted', async () => {
  const path = join(scratch, 'ssh_config');
  writeFileSync(path, '');
  const first = await read({ hosts: 's4', sshConfig: path });
  await record({ ...first, spec: { ...first.spec, ssh: { configFile: `${path}.gone` } } });
  const error = await rejection(read());
  expect(error).toMatchObject({ code: 'ssh-config-unreadable', exit: 2, hint: expect.stringContaining('recorded') });
  expect(error.message).toContain(`${path}.gone`);
});
