import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { expect, it } from 'vitest';

/* Every shell script that is a file of its own, whatever runs it: nodes, the lab, the tests. */

/**
 * SC1091: what is read by `.` is only there when the lab has made it. SC2115: `set -u` stops where it warns of a variable
 * that is unset.
 */
const OPTIONS = ['--exclude=SC1091,SC2115'];
/** Scripts of the lab's initrd, which shellcheck knows as dash; udhcpc gives them their variables. */
const BUSYBOX = ['--shell=dash', '--exclude=SC1091,SC2115,SC2154'];

const SHEBANG = /^#!(\/busybox\/busybox sh|\/bin\/(ba)?sh)\b/;

const scripts = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
})
  .split('\0')
  // Else removed, and not yet committed.
  .filter(existsSync)
  .filter((path) => /\.(sh|bash)$/.test(path) || (/(^|\/)[\w-]+$/.test(path) && SHEBANG.test(headOf(path))));

function headOf(path: string): string {
  return statSync(path).isFile() ? readFileSync(path, 'latin1').slice(0, 80) : '';
}

it('they are found', () => {
  expect(scripts).toEqual(expect.arrayContaining(['.ci/run', 'lab/setup.sh', 'lab/images/boot/init']));
  expect(scripts.filter((path) => path.startsWith('manifests/node/'))).not.toEqual([]);
});

it.each(scripts)('%s', (path) => {
  const options = headOf(path).startsWith('#!/busybox') ? BUSYBOX : OPTIONS;
  const { error, stdout } = spawnSync('shellcheck', [...options, path], { encoding: 'utf8' });
  expect(error).toBeUndefined();
  expect(stdout).toBe('');
});
