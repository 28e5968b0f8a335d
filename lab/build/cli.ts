import { parseArgs } from 'node:util';
import { toDisklessError } from '../../src/errors.js';
import { ensureBuilt, ensureMachinesBuilt } from './ensure-built.js';

const USAGE = `usage: npx tsx lab/build/cli.ts [--machines] [--rebuild PRODUCT]...

Builds what is missing of the lab (node image, container images, Kubernetes, artifacts) and prints where it is.
--machines builds what machines boot over the network, too (ignition, boot-image).
--rebuild takes up newer Debian packages. Products: node-image, container-images, kubernetes, iperf3, artifacts,
ignition, boot-image.`;

const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort()).once('SIGTERM', () => interrupted.abort());

try {
  const { values } = parseArgs({
    options: {
      rebuild: { type: 'string', multiple: true, default: [] },
      machines: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    console.log(USAGE);
  } else {
    const progress = (line: string) => console.error(line);
    const ensure = values.machines ? ensureMachinesBuilt : ensureBuilt;
    const built = await ensure({ progress, signal: interrupted.signal, rebuild: values.rebuild });
    console.log(JSON.stringify(built, null, 2));
  }
} catch (thrown) {
  const error = toDisklessError(thrown);
  console.error([error.message, error.detail, error.hint].filter((text) => text !== undefined).join('\n'));
  process.exitCode = interrupted.signal.aborted ? 130 : error.exit;
}
