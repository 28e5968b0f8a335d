import { describe, expect, it } from 'vitest';
import { kubelet } from '../../src/components/kubelet.js';
import { OWN_RESOLV_CONF } from '../../src/components/kubelet-config.js';
import type { NodeFacts } from '../../src/facts/facts.js';
import { traitsOf } from '../../src/reconcile/traits.js';
import { contextOf } from '../components/fixture.js';
import { sampleFacts } from '../helpers/sample-facts.js';

/** What the kubelet of such a node is told to give its pods: the node's own file, or the text of ours. */
function resolvConf(changes: Partial<NodeFacts>): string {
  const traits = traitsOf(sampleFacts(changes), 'eth0');
  if (traits.resolvConf !== undefined) return traits.resolvConf;
  const { files } = kubelet(contextOf('s7', { kubernetes: '1.37.2', controlPlanes: 1, traits }));
  const ours = files.find(({ path }) => path === OWN_RESOLV_CONF)?.content;
  if (ours?.kind !== 'text') throw new Error('the kubelet has no resolv.conf at all');
  return ours.text;
}

describe('traitsOf', () => {
  it.each<[string, Partial<NodeFacts>, string]>([
    ['as it is', {}, '/run/systemd/resolve/resolv.conf'],
    ['as it is, although it names no server', { nameservers: [] }, '/run/systemd/resolve/resolv.conf'],
    [
      'cut to three servers',
      { nameservers: ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'] },
      'nameserver 10.0.0.1\nnameserver 10.0.0.2\nnameserver 10.0.0.3\n',
    ],
    ['without the local stub', { nameservers: ['127.0.0.53', '10.0.0.1'] }, 'nameserver 10.0.0.1\n'],
    ['empty but there, where there is none', { nameservers: [], resolvConf: undefined }, ''],
  ])("gives pods the node's resolv.conf %s", (_title, changes, expected) => {
    expect(resolvConf(changes)).toBe(expected);
  });

  it('refuses to guess an architecture', () => {
    expect(() => traitsOf(sampleFacts({ arch: 'riscv64' }), 'eth0')).toThrow(
      expect.objectContaining({ code: 'architecture' }),
    );
  });
});
