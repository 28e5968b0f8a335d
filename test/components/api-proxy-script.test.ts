import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

/* The script itself, with the curl of an old operating system: one URL at a time, and few options. */

const SCRIPT = fileURLToPath(new URL('../../manifests/node/k8s-diskless-api.bash', import.meta.url));
const [NODE, S4, S5, S6] = ['10.77.0.9', '10.77.0.4', '10.77.0.5', '10.77.0.6'] as const;

/** As curl 7.61. What it answers of an address is in the file of that name: exit code and status, one by one. */
const CURL = `#!/bin/bash
cd "\${0%/*}"
while (($# > 0)); do
  case $1 in
    --silent) ;;
    --output | --noproxy | --connect-timeout | --max-time | --cacert) shift ;;
    --write-out) [[ $2 == '%{http_code}' ]] || exit 2; shift ;;
    https://*) address=\${1#https://} address=\${address%%:*} ;;
    *) echo "curl: option $1: is unknown" >&2; exit 2 ;;
  esac
  shift
done
echo "$address" >>asked
[[ -e $address ]] || { printf 000; exit 7; }
readarray -t answers <"$address"
((\${#answers[@]} == 1)) || printf '%s\\n' "\${answers[@]:1}" >"$address"
read -r failure status <<<"\${answers[0]}"
printf %s "$status"
exit "$failure"
`;
const OTHERS = {
  curl: CURL,
  nft: `#!/bin/sh\ncat >"\${0%/*}/rules"\n`,
  ss: '#!/bin/sh\n',
  sleep: '#!/bin/sh\nexec /bin/sleep 0.02\n',
};

describe('k8s-diskless-api watch', () => {
  let dir: string;
  const ends: (() => void)[] = [];

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'api-proxy-script-'));
    for (const [name, text] of Object.entries(OTHERS)) await writeFile(join(dir, name), text, { mode: 0o755 });
  });

  afterEach(async () => {
    for (const end of ends.splice(0)) end();
    await rm(dir, { recursive: true, maxRetries: 5 });
  });

  /** Whole at once: the fake curl reads it at any moment. */
  async function answers(address: string, ...lines: string[]): Promise<void> {
    await writeFile(join(dir, 'new'), `${lines.join('\n')}\n`);
    await rename(join(dir, 'new'), join(dir, address));
  }
  const asked = (): string[] =>
    existsSync(join(dir, 'asked')) ? readFileSync(join(dir, 'asked'), 'utf8').trim().split('\n') : [];
  const times = (address: string): number => asked().filter((each) => each === address).length;
  const chosen = (): string =>
    existsSync(join(dir, 'chosen')) ? readFileSync(join(dir, 'chosen'), 'utf8').trim() : 'none but the first';

  async function watch(...controlPlanes: string[]): Promise<void> {
    const lines = ['backend nft', 'address 10.250.250.1', 'port 6443', `node-ip ${NODE}`, 'ca /nowhere'];
    lines.push(...controlPlanes.map((address) => `control-plane ${address}`));
    await writeFile(join(dir, 'api-proxy.conf'), `${lines.join('\n')}\n`);
    const env = {
      PATH: `${dir}:${process.env.PATH}`,
      K8S_DISKLESS_API_CONFIG: join(dir, 'api-proxy.conf'),
      RUNTIME_DIRECTORY: dir,
    };
    const child = spawn('bash', [SCRIPT, 'watch'], { env, stdio: 'ignore', detached: true });
    // It and all curls that are under way.
    ends.push(() => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'));
  }

  const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 10_000, interval: 20 });

  it('moves on when nobody listens any more, to the first that lives', async () => {
    await answers(S6, '0 403');
    await watch(S4, S5, S6);
    await eventually(() => expect(chosen()).toBe(S6));
    expect(readFileSync(join(dir, 'rules'), 'utf8')).toContain(`dnat to ${S6}:6443`);
  });

  it('believes silence the second time, not the first', async () => {
    await answers(S4, '28 000', '0 200');
    await answers(S5, '0 200');
    await watch(S4, S5);
    await eventually(() => expect(times(S4)).toBeGreaterThan(3));
    expect(chosen()).toBe('none but the first');
    await answers(S4, '28 000', '28 000');
    await eventually(() => expect(chosen()).toBe(S5));
  });

  it('asks nobody but the chosen control plane while that lives', async () => {
    await answers(S4, '0 200');
    await answers(S5, '0 200');
    await watch(S4, S5);
    await eventually(() => expect(times(S4)).toBeGreaterThan(3));
    expect(new Set(asked())).toEqual(new Set([S4]));
  });

  it('asks on a control plane for its own kube-apiserver too, and goes back to it', async () => {
    await answers(S4, '0 200');
    await watch(NODE, S4);
    await eventually(() => expect(chosen()).toBe(S4));
    await answers(NODE, '0 200');
    await eventually(() => expect(chosen()).toBe(NODE));
  });
});
