import type { NodeFinding } from './finding.js';

export interface NodeIdentity {
  name: string;
  nodeIp: string;
  hostname: string;
  bootId: string;
}

/** What is wrong between nodes: the same machine under two names, or one address twice. Keyed by node name. */
export function crossPreflight(nodes: readonly NodeIdentity[]): Map<string, NodeFinding[]> {
  const findings = new Map<string, NodeFinding[]>();
  const report = (name: string, finding: NodeFinding): void => {
    findings.set(name, [...(findings.get(name) ?? []), finding]);
  };
  const groups = (key: (node: NodeIdentity) => string): NodeIdentity[][] => {
    const byKey = new Map<string, NodeIdentity[]>();
    for (const node of nodes) {
      const value = key(node);
      if (value !== '') byKey.set(value, [...(byKey.get(value) ?? []), node]);
    }
    return [...byKey.values()].filter((group) => group.length > 1);
  };
  for (const group of groups((node) => node.bootId)) {
    for (const { name } of group) {
      const others = namesBeside(group, name);
      const hint = 'two names lead to one machine: check the addresses and ~/.ssh/config';
      report(name, { code: 'same-machine', severity: 'error', message: `it is the same machine as ${others}`, hint });
    }
  }
  for (const group of groups((node) => node.nodeIp)) {
    for (const { name, nodeIp } of group) {
      const message = `its node IP ${nodeIp} is also that of ${namesBeside(group, name)}`;
      report(name, { code: 'duplicate-address', severity: 'error', message, hint: 'set nodeIp in the config file' });
    }
  }
  for (const group of groups((node) => (/^localhost\b/.test(node.hostname) ? '' : node.hostname))) {
    for (const { name, hostname } of group) {
      const message = `its host name ${hostname} is also that of ${namesBeside(group, name)}`;
      report(name, { code: 'duplicate-hostname', severity: 'error', message, hint: 'give every machine its own name' });
    }
  }
  return findings;
}

function namesBeside(group: readonly NodeIdentity[], name: string): string {
  return group.flatMap((node) => (node.name === name ? [] : [node.name])).join(', ');
}
