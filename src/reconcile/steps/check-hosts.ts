import type { Gave } from '../../runner/sequence.js';
import type { Run } from '../context.js';
import type { CheckedHosts, ReadHosts } from '../hosts.js';
import { preflightNodes } from '../preflight-nodes.js';
import { refuseOutdated } from '../refuse-outdated.js';
import { rehashed } from '../rehash.js';

/** Preflight of every machine that was read, and a look at its installed files where these may differ. */
export async function preflightAll(context: Run & { readonly read: ReadHosts }): Promise<Gave<CheckedHosts>> {
  const { read } = context;
  refuseOutdated(context, read.facts);
  const checked = await rehashed(context, await preflightNodes(context, read.facts));
  return { outcome: 'unchanged', gives: { ...read, ...checked, woken: new Set() } };
}
