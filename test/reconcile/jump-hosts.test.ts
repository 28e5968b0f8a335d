import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ssh2, { type ParsedKey } from 'ssh2';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import type { RunEvent } from '../../src/runner/events.js';
import { readJumpHosts } from '../../src/state/record-files.js';
import { stateDirAt } from '../../src/state/state-dir.js';
import { temporaryDirectory } from '../artifacts/fixtures.js';
import { startFleet } from '../helpers/fake-node/fleet.js';
import { type FakeSshd, startFakeSshd } from '../helpers/fake-sshd.js';
import { writeReleases } from '../helpers/release-directory.js';
import { prepareUp, upUntilSent } from '../helpers/up-until-sent.js';

/* From the flags to the last acknowledged file, over a jump host. */

afterEach(() => vi.unstubAllEnvs());

async function scene() {
  const scratch = temporaryDirectory();
  vi.stubEnv('XDG_CACHE_HOME', join(scratch, 'cache'));
  const artifacts = join(scratch, 'artifacts');
  mkdirSync(artifacts);
  writeReleases(artifacts);
  const fleet = await startFleet({ count: 2, zstd: false, directory: scratch });
  onTestFinished(() => fleet.close());
  const gate = await startFakeSshd({ users: { core: [publicHalf(readFileSync(join(scratch, 'id'), 'utf8'))] } });
  onTestFinished(() => gate.close());
  const sshConfig = join(scratch, 'ssh_config_with_gate');
  const stateDir = join(scratch, 'state');

  async function up(way = 'Host n1 n2\n  ProxyJump gate\n') {
    const hosts = `Host gate\n  HostName ${gate.host}\n  Port ${gate.port}\n${way}`;
    writeFileSync(sshConfig, `${hosts}\n${readFileSync(fleet.sshConfig, 'utf8')}`);
    const events: RunEvent[] = [];
    const sink = (event: RunEvent): void => void events.push(event);
    const input = await prepareUp(
      { artifacts, sshConfig, stateDir, hosts: 'n1,n2' },
      [sink],
      new AbortController().signal,
    );
    const { reports } = await upUntilSent(input);
    const told = events.flatMap((event) => (event.type === 'note' && event.code === 'host-key-new' ? [event] : []));
    return { errors: reports.flatMap(({ error }) => error ?? []), told };
  }
  return { fleet, gate, up, recorded: () => readJumpHosts(stateDirAt(stateDir)) };
}

function publicHalf(privateKey: string): string {
  const key = ssh2.utils.parseKey(privateKey) as ParsedKey;
  return `${key.type} ${key.getPublicSSH().toString('base64')}`;
}

const name = ({ host, port }: FakeSshd): string => `[${host}]:${port}`;

it('a jump host is recorded and reported at its first use, and refused with another key', async () => {
  const { gate, up, recorded } = await scene();
  const first = await up();
  expect(first.errors).toEqual([]);
  const ofGate = first.told.filter(({ node }) => node === undefined);
  expect(ofGate).toMatchObject([{ level: 'info', message: expect.stringContaining('jump host gate') }]);
  expect([...(await recorded()).keys()]).toEqual([name(gate)]);

  const second = await up();
  expect(second.errors).toEqual([]);
  expect(second.told.filter(({ node }) => node === undefined)).toEqual([]);

  const before = await recorded();
  await gate.reboot();
  const { errors } = await up();
  const [error] = errors;
  expect(error).toMatchObject({
    code: 'jump-host-key-changed',
    exit: 5,
    hint: expect.stringContaining('jump-hosts.json'),
  });
  expect(await recorded()).toEqual(before);
});

it('a node that leads to another is recorded as a node alone', async () => {
  const { fleet, up, recorded } = await scene();
  const [first] = fleet.nodes;
  const { errors } = await up('Host n2\n  ProxyJump n1\n');
  expect(errors).toEqual([]);
  // Beside the way to its own API, which is tried on each control plane.
  expect(first?.sshd.forwarded.filter((to) => !to.endsWith(':6443'))).toHaveLength(1);
  expect(await recorded()).toEqual(new Map());
});
