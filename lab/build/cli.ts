import { copyFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { ACCEPTED_FILES } from '../../src/config/accepted-flags.js';
import { toDisklessError } from '../../src/errors.js';
import { generationOf, NEWEST_GENERATION } from '../generations.js';
import { ensureAcceptedFlagsBuilt, ensureBuilt, ensureConformanceBuilt, ensureMachinesBuilt } from './ensure-built.js';
import { softwareSource } from './software-source.js';

const USAGE = `usage: npm run -s lab:build -- [--generation NAME]... [--machines] [--conformance] [--accepted-flags]
                               [--from SOURCE [--mirror URL]] [--rebuild PRODUCT]...

Builds what is missing of the lab (node image, containerd, Kubernetes, etcd, container images) and prints where it is.
--generation: newest (default), oldest, or a minor such as 1.35.
--from: modules (default; Kubernetes, etcd and the CNI plugins are built here) or releases (downloaded from upstream's
release servers, or a mirror of them). K8S_DISKLESS_LAB_FROM and K8S_DISKLESS_LAB_MIRROR say the same, to all of the lab.
--machines builds what machines boot over the network, too (ignition, boot-image).
--conformance builds Kubernetes' own tests of the newest generation and the images they use, too.
--accepted-flags builds nothing but the list of flags that this Kubernetes accepts, and writes it to
src/config/accepted-flags, for a new row of the version table.
--rebuild takes up newer Debian packages, or builds anew what seems damaged; a wrong name lists them all.`;

const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort()).once('SIGTERM', () => interrupted.abort());

try {
  const { values } = parseArgs({
    options: {
      rebuild: { type: 'string', multiple: true, default: [] },
      generation: { type: 'string', multiple: true, default: [NEWEST_GENERATION] },
      machines: { type: 'boolean', default: false },
      conformance: { type: 'boolean', default: false },
      'accepted-flags': { type: 'boolean', default: false },
      from: { type: 'string' },
      mirror: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    console.log(USAGE);
  } else {
    const progress = (line: string) => console.error(line);
    const ensure = values.machines ? ensureMachinesBuilt : ensureBuilt;
    const { signal } = interrupted;
    const { generation: names, rebuild, from, mirror } = values;
    softwareSource({ from, mirror });
    for (const name of names) generationOf(name);
    const print = (build: object) => console.log(JSON.stringify(build, null, 2));
    if (values['accepted-flags']) {
      for (const generation of names) {
        const built = await ensureAcceptedFlagsBuilt({ progress, signal, generation, rebuild });
        await copyFile(built, new URL(`${generationOf(generation).kubernetes}.json`, ACCEPTED_FILES));
      }
    } else {
      // First, as what it compiles of Kubernetes serves the rest as well.
      if (values.conformance) print(await ensureConformanceBuilt({ progress, signal, rebuild }));
      for (const generation of names) print(await ensure({ progress, signal, generation, rebuild, from, mirror }));
    }
  }
} catch (thrown) {
  const error = toDisklessError(thrown);
  console.error([error.message, error.detail, error.hint].filter((text) => text !== undefined).join('\n'));
  process.exitCode = interrupted.signal.aborted ? 130 : error.exit;
}
