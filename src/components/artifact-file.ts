import { DisklessError, EXIT } from '../errors.js';
import type { DesiredFile } from '../node/desired.js';
import { PATHS } from '../node/paths.js';
import type { ComponentContext } from './context.js';

/** An executable in `directory`, pushed unchanged. */
export function artifactFile(context: ComponentContext, name: string, directory: string = PATHS.bin): DesiredFile {
  const artifact = context.artifacts.get(name);
  if (artifact === undefined) {
    const message = `no artifact ${name} for ${context.traits.arch} was prepared`;
    throw new DisklessError({ code: 'artifact-unknown', message, host: context.node.name, exit: EXIT.bug });
  }
  const { sha256, size } = artifact;
  return { path: `${directory}/${name}`, mode: 0o755, content: { kind: 'artifact', sha256, size } };
}
