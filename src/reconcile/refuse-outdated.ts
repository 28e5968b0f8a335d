import { controlPlanes } from '../config/spec.js';
import type { NodeFacts } from '../facts/facts.js';
import type { Run } from './context.js';
import type { ReadHosts } from './hosts.js';

/** A cluster that this release does not bring up is only looked at: what its control planes hold, then why it is not. */
export function refuseOutdated({ options: { spec, outdated }, bus }: Run, facts: ReadHosts['facts']): void {
  if (outdated === undefined) return;
  for (const { name } of controlPlanes(spec)) {
    const read = facts.get(name);
    if (read) bus.emit({ type: 'note', level: 'warning', code: 'outdated-member', node: name, message: held(read) });
  }
  throw outdated;
}

function held({ etcdData: { present, incarnation }, marker }: NodeFacts): string {
  if (!present) return marker === undefined ? 'it is blank' : 'it holds no etcd data, but was not rebooted';
  return `it holds etcd data${incarnation === undefined ? '' : ` of incarnation ${incarnation}`}`;
}
