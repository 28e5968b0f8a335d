import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type ReadLogsOptions, readLogs } from '../../src/app/read-logs.js';
import type { RecordedCluster } from '../../src/cluster/recorded-cluster.js';
import { stateDirAt } from '../../src/state/state-dir.js';
import { temporaryDirectory } from '../artifacts/fixtures.js';
import { OPERATOR, sampleNode, sampleSpec } from '../helpers/sample-facts.js';
import { sshConfig, sshd } from '../ssh/harness.js';

/** A cluster of one control plane and one worker, whose machine answers journalctl so. */
async function machine(answer: { said?: string; complaint?: string; exit?: number }) {
  const commands: string[] = [];
  const server = await sshd({
    exec: ({ command, stdout, stderr }) => {
      if (!command.includes('journalctl')) {
        stdout.write('11111111-2222-3333-4444-555555555555\n');
        return 0;
      }
      commands.push(command);
      // As the way to become root says.
      const [, mark] = / become-root (k8s-diskless-[0-9a-f]{16}) /.exec(command) ?? [];
      stderr.write(`${mark} started\n`);
      stdout.write(answer.said ?? '');
      stderr.write(answer.complaint ?? '');
      return answer.exit ?? 0;
    },
  });
  const ssh = { host: server.host, port: server.port, user: 'core' };
  const nodes = [sampleNode({ ssh }), sampleNode({ name: 's5', role: 'worker', ssh })];
  const spec = sampleSpec({ nodes, ssh: { configFile: sshConfig() } });
  const etcd = { incarnation: 1, phase: 'bootstrapped' as const, token: 't', members: ['s4'], bootIds: {} };
  const recorded: RecordedCluster = {
    state: stateDirAt(temporaryDirectory()),
    record: { clusterId: 'cafe', operator: OPERATOR, spec, etcd },
  };
  let shown = '';
  const out = new Writable({
    write(chunk, _, done) {
      shown += chunk;
      done();
    },
  });
  const read = (options: Partial<ReadLogsOptions> & Pick<ReadLogsOptions, 'node'>) =>
    readLogs({ recorded, follow: false, out, tell: () => {}, signal: new AbortController().signal, ...options });
  return { read, commands, shown: () => shown };
}

describe('readLogs', () => {
  it('shows the end of what all components of a node logged in this boot', async () => {
    const { read, commands, shown } = await machine({ said: 'one\ntwo\n' });
    await read({ node: 's5' });
    expect(shown()).toBe('one\ntwo\n');
    expect(commands).toHaveLength(1);
    expect(commands[0]).toMatch(/journalctl --boot .*--unit kubelet\.service.*--lines 200 --no-pager/);
    expect(commands[0]).not.toContain('etcd.service');
  });

  it('of one component, from a time on, an age as it is written here', async () => {
    const { read, commands } = await machine({});
    await read({ node: 's4', component: 'etcd', since: '10m' });
    await read({ node: 's4', component: 'etcd', since: 'yesterday noon' });
    expect(commands[0]).toMatch(/--unit etcd\.service --since -10m --no-pager/);
    expect(commands[1]).toMatch(/--since \W*yesterday noon\W/);
    expect(commands[0]?.match(/--unit/g)).toHaveLength(1);
  });

  it('follows until it is told to stop', async () => {
    const { read, commands } = await machine({});
    await read({ node: 's4', component: 'kubelet', follow: true });
    expect(commands[0]).toContain('--follow');
  });

  it('fails with the words of journalctl', async () => {
    const { read } = await machine({ complaint: 'Failed to parse timestamp: soon\n', exit: 1 });
    await expect(read({ node: 's4', since: 'soon' })).rejects.toMatchObject({
      code: 'logs-failed',
      host: 's4',
      detail: 'Failed to parse timestamp: soon',
    });
  });

  it('knows which nodes and components there are, before it connects to any', async () => {
    const { read, commands } = await machine({});
    await expect(read({ node: 's44' })).rejects.toMatchObject({
      code: 'no-such-node',
      exit: 2,
      hint: expect.any(String),
    });
    await expect(read({ node: 's4', component: 'kubelt' })).rejects.toMatchObject({
      code: 'no-such-component',
      hint: 'did you mean "kubelet"?',
    });
    await expect(read({ node: 's5', component: 'etcd' })).rejects.toMatchObject({
      message: 's5 is a worker and has no etcd',
    });
    expect(commands).toEqual([]);
  });
});
