import { parseArgs } from 'node:util';
import { toDisklessError } from '../../src/errors.js';
import { generationOf, NEWEST_GENERATION } from '../generations.js';
import { ensureBuilt, ensureMachinesBuilt } from './ensure-built.js';

const USAGE = `usage: npm run -s lab:build -- [--generation NAME]... [--machines] [--rebuild PRODUCT]...

Builds what is missing of the lab (node image, containerd, Kubernetes, etcd, container images) and prints where it is.
--generation: newest (default), oldest, or a minor such as 1.35.
--machines builds what machines boot over the network, too (ignition, boot-image).
--rebuild takes up newer Debian packages, or builds anew what seems damaged; a wrong name lists them all.`;

const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort()).once('SIGTERM', () => interrupted.abort());

try {
  const { values } = parseArgs({
    options: {
      rebuild: { type: 'string', multiple: true, default: [] },
      generation: { type: 'string', multiple: true, default: [NEWEST_GENERATION] },
      machines: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    console.log(USAGE);
  } else {
    const progress = (line: string) => console.error(line);
    const ensure = values.machines ? ensureMachinesBuilt : ensureBuilt;
    const { signal } = interrupted;
    const { generation: names, rebuild } = values;
    for (const name of names) generationOf(name);
    for (const generation of names) {
      console.log(JSON.stringify(await ensure({ progress, signal, generation, rebuild }), null, 2));
    }
  }
} catch (thrown) {
  const error = toDisklessError(thrown);
  console.error([error.message, error.detail, error.hint].filter((text) => text !== undefined).join('\n'));
  process.exitCode = interrupted.signal.aborted ? 130 : error.exit;
}
