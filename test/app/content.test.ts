import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { requireContent } from '../../src/app/content.js';
import { readInputs } from '../../src/app/inputs.js';
import { NEWEST, VERSION_TABLE } from '../../src/config/version-table.js';
import { usageError } from '../../src/errors.js';
import { writeNodeRecords } from '../../src/state/record-files.js';
import type { NodeRecord } from '../../src/state/records.js';
import { serve } from '../artifacts/http-fixtures.js';
import { createOperator } from '../commands/cli.js';
import { recordSample } from '../commands/recorded-state.js';
import { VERSIONS, writeReleases } from '../helpers/release-directory.js';
import { sampleSpec } from '../helpers/sample-facts.js';

let scratch: string;
let artifacts: string;

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'k8s-diskless-content-'));
  artifacts = join(scratch, 'artifacts');
  mkdirSync(artifacts);
  vi.stubEnv('XDG_CACHE_HOME', join(scratch, 'cache'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(scratch, { recursive: true });
});

const binaryOf = (arch: string): string =>
  join(artifacts, `kubernetes/v${VERSIONS.kubernetes}/bin/linux/${arch}/kubelet`);

/** What `up` reads before it connects to anyone. */
function read(more: { config?: string; kubernetes?: string } = {}) {
  const words = { verify: false, newCluster: false };
  const flags = { ...more, ...words, output: 'plain' as const, verbose: false };
  const stateDir = join(scratch, 'state');
  return readInputs({ ...flags, hosts: 's4', artifacts, stateDir }, new AbortController().signal, () => {});
}

describe('artifacts', () => {
  it('are found damaged before any connection is made, on a new cluster too', async () => {
    writeReleases(artifacts);
    appendFileSync(binaryOf('amd64'), 'x');
    const damaged = { code: 'artifact-corrupt', exit: 2, message: expect.stringContaining(binaryOf('amd64')) };
    await expect(read()).rejects.toMatchObject(damaged);
  });

  it('of an architecture that no node may have are not held against the others', async () => {
    writeReleases(artifacts);
    writeReleases(artifacts, { arch: 'arm64' });
    appendFileSync(binaryOf('arm64'), 'x');
    expect((await read()).spec.kubernetes).toBe(VERSIONS.kubernetes);
  });

  it('that lack what the config file asks for are told of before any connection', async () => {
    writeReleases(artifacts);
    const config = join(scratch, 'cluster.yaml');
    writeFileSync(config, 'etcd: { version: 3.6.99 }\n');
    const lacking = { code: 'artifact-missing', exit: 2, message: expect.stringContaining('etcd 3.6.99') };
    await expect(read({ config })).rejects.toMatchObject(lacking);
  });

  it('of the version asked for are told to be incomplete, with what is there', async () => {
    writeReleases(artifacts);
    const [{ kubernetes } = NEWEST] = VERSION_TABLE;
    await expect(read({ kubernetes: `v${kubernetes}` })).rejects.toMatchObject({
      exit: 2,
      message: `Kubernetes ${kubernetes} is not complete in the directory ${artifacts}`,
      detail: `it has ${VERSIONS.kubernetes}`,
      hint: expect.stringContaining(`download --kubernetes ${kubernetes} --to ${artifacts}`),
    });
  });

  it('are those of the machines the state knows', async () => {
    writeReleases(artifacts);
    const asked: string[] = [];
    const content = {
      artifacts: async (arch: string) => {
        asked.push(arch);
        throw usageError({ code: 'artifact-missing', message: `nothing for ${arch}` });
      },
    };
    const spec = { ...sampleSpec(), ...VERSIONS };
    const nodeRecords = new Map([['s4', { arch: 'aarch64' } as NodeRecord]]);
    const required = requireContent({ spec, nodeRecords, place: { artifacts } }, content);
    await expect(required).rejects.toMatchObject({ code: 'artifact-missing' });
    expect(asked).toEqual(['arm64']);
  });
});

it('image archives that are bad end the run before anything is downloaded', async () => {
  const { url, requests } = await serve(() => {});
  const operator = createOperator();
  const state = await recordSample(operator.stateDir);
  const hostKey = { type: 'ssh-ed25519', fingerprint: 'SHA256:s4' };
  await writeNodeRecords(state, [{ name: 's4', bootId: 'boot', hostKey, nodeIp: '10.0.0.4', arch: 'x86_64' }]);
  const images = join(operator.home, 'images');
  mkdirSync(images);
  writeFileSync(join(images, 'pause.tar'), 'no archive');
  const { exit } = await operator.run(['up', '--images', images, '--mirror', url]);
  expect({ exit, requests }).toEqual({ exit: 2, requests: [] });
});
