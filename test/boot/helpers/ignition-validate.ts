import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { ignition } from '../../../lab/build/ignition.js';
import { labCacheRoot } from '../../../lab/build/lab-cache.js';
import { materialize } from '../../../lab/build/product.js';

/** Path of Ignition's own validator, fetched once. */
export async function ignitionValidator(): Promise<string> {
  const options = { root: labCacheRoot(), progress: (line: string) => console.info(line) };
  return join(await materialize(ignition, options), 'ignition-validate');
}

/** What it says about a file, warnings included; the empty text when it finds nothing. */
export function validate(validator: string, config: string): Promise<string> {
  return new Promise((resolve) => {
    const child = execFile(validator, ['-'], (error, stdout, stderr) => {
      const said = `${stdout}${stderr}`;
      resolve(said === '' && error ? error.message : said);
    });
    child.stdin?.end(config);
  });
}
