import { PATHS } from '../node/paths.js';
import { scriptText } from '../node/script-text.js';
import { bashScript, type RemoteCommand } from '../ssh/bash-script.js';

const SCRIPT = scriptText('facts.bash');

/** Prints what parse.ts reads. @param units Whose state is wanted */
export function factsScript(units: readonly string[]): RemoteCommand {
  return bashScript(SCRIPT, PATHS.bin, PATHS.etcdData, PATHS.marker, ...units);
}
