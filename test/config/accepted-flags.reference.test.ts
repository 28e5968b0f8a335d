import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import pLimit from 'p-limit';
import { beforeAll, describe, expect, it } from 'vitest';
import { goProduct } from '../../lab/build/go-product.js';
import { kubernetes } from '../../lab/build/go-software.js';
import { labCacheRoot } from '../../lab/build/lab-cache.js';
import { materialize } from '../../lab/build/product.js';
import {
  acceptedFlags,
  type FeatureGate,
  KUBERNETES_COMPONENTS,
  type KubernetesComponent,
} from '../../src/config/accepted-flags.js';
import { NEWEST, VERSION_TABLE } from '../../src/config/version-table.js';

/* Holds the list of the newest minor against the programs that the lab runs. */

let directory: string;

beforeAll(async () => {
  const product = goProduct(kubernetes(`1.${NEWEST.minor}`));
  directory = await materialize(product, { root: labCacheRoot(), progress: (line) => console.info(line) });
});

const few = pLimit(2);

/** What a program says of its arguments, all of which are read before it ends by the last of them. */
function said(component: KubernetesComponent, ...args: string[]): Promise<string> {
  return few(async () => {
    const child = spawn(join(directory, component), args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    return stdout + stderr;
  });
}

/** Removed gates, each of which is a start of the program of its own. */
const SOME = 5;

const accepted = (component: KubernetesComponent) => acceptedFlags(NEWEST.minor, component);
const older = VERSION_TABLE.map(({ minor }) => minor).filter((minor) => minor !== NEWEST.minor);

describe.each(KUBERNETES_COMPONENTS)('flags of %s', (component) => {
  it('are those that it shows, and hidden ones', async () => {
    const { flags } = accepted(component);
    const help = await said(component, '--help');
    const shown = [...help.matchAll(/^ +(?:-\w, )?--([a-z][\w.-]*)/gm)].map(([, name = '']) => name);
    expect(shown.filter((name) => name !== 'help' && !flags.includes(name))).toEqual([]);
    const hidden = flags.filter((name) => !shown.includes(name));
    const refused = hidden.map(async (name) => ({ name, answer: await said(component, `--${name}=`, '--help') }));
    expect((await Promise.all(refused)).filter(({ answer }) => answer.includes('unknown flag'))).toEqual([]);
  });

  it('are not those of older ones that were removed', async () => {
    const { flags } = accepted(component);
    const removed = new Set(older.flatMap((minor) => acceptedFlags(minor, component).flags));
    for (const name of flags) removed.delete(name);
    for (const name of ['no-such-flag', ...removed]) {
      expect(await said(component, `--${name}=`, '--help')).toContain(`unknown flag: --${name}`);
    }
  });
});

/** What is read after the gates, and ends the program. */
const ENDS: Partial<Record<KubernetesComponent, string>> = {
  'kube-apiserver': '--version',
  'kube-controller-manager': '--version',
  'kube-scheduler': '--version',
  kubelet: '--config=/nonexistent',
};

describe.each(Object.entries(ENDS) as [KubernetesComponent, string][])('feature gates of %s', (component, end) => {
  const set = (gates: readonly [string, FeatureGate][], isDefault: boolean) =>
    said(component, `--feature-gates=${gates.map(([name, gate]) => `${name}=${gate.default === isDefault}`)}`, end);

  it('are known, with these defaults', async () => {
    const answer = await set(Object.entries(accepted(component).gates), true);
    expect(answer).toMatch(/^Kubernetes v|failed to load kubelet config file/m);
    expect(answer).not.toMatch(/unrecognized feature gate|cannot set feature gate/);
  });

  it('are locked where the list says so', async () => {
    const gates = Object.entries(accepted(component).gates);
    const locked = gates.filter(([, gate]) => gate.locked);
    const answer = await set(locked, false);
    for (const [name, gate] of locked) {
      expect(answer).toContain(
        `cannot set feature gate ${name} to ${!gate.default}, feature is locked to ${gate.default}`,
      );
    }
    expect(
      await set(
        gates.filter(([, gate]) => !gate.locked),
        false,
      ),
    ).not.toContain('feature is locked');
  });

  it('are not those of older ones that were removed', async () => {
    const { gates } = accepted(component);
    const removed = new Set(older.flatMap((minor) => Object.keys(acceptedFlags(minor, component).gates)));
    for (const name of Object.keys(gates)) removed.delete(name);
    const last = [...removed].slice(-SOME);
    expect(last).toHaveLength(SOME);
    for (const name of last) {
      expect(await said(component, `--feature-gates=${name}=true`, end)).toContain(
        `unrecognized feature gate: ${name}`,
      );
    }
  });
});
