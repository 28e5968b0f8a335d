import { expect, it } from 'vitest';
import { nodeConnector } from '../../src/cluster/node-connector.js';
import { sampleNode, sampleSpec } from '../helpers/sample-facts.js';
import { failure, sshConfig, sshd } from '../ssh/harness.js';

/* Which time limit a connection has, as the error of a server that never speaks tells it. */

const nothingRecorded = { nodeRecords: new Map(), jumpHosts: new Map(), jumpHostsFile: '', onNewJumpHost: () => {} };

it.each([
  ['what ssh_config says', undefined],
  ['what was asked for, over ssh_config', 600],
])('%s', async (_case, connectTimeout) => {
  const server = await sshd({ faults: { holdBanner: new Promise(() => {}) } });
  const configFile = sshConfig(`ConnectTimeout ${connectTimeout === undefined ? 1 : 60}`);
  const target = { host: server.host, port: server.port, user: 'core' };
  const ssh = { configFile, ...(connectTimeout !== undefined && { connectTimeout }) };
  const spec = sampleSpec({ nodes: [sampleNode({ ssh: target })], ssh });
  const open = nodeConnector({ spec, ...nothingRecorded });
  const error = await failure(open('s4', new AbortController().signal));
  expect(error.message).toMatch(/sends no SSH banner within (1|0\.\d) s/);
});
