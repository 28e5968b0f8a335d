import { formatCidr, parseCidr } from '../config/cidr.js';
import { chooseNodeIp } from '../config/node-ip.js';
import type { NodeSpec } from '../config/spec.js';
import { DisklessError } from '../errors.js';
import { goArchitecture } from '../facts/architecture.js';
import type { NodeFacts } from '../facts/facts.js';
import { sameAsRecorded } from '../node/machine.js';
import { crossPreflight, type NodeIdentity } from '../plan/cross-preflight.js';
import type { NodeFinding } from '../plan/finding.js';
import { preflight } from '../plan/preflight.js';
import { checkUnattended } from '../plan/preflight-unattended.js';
import { bytesToPush, type ContentByArch, contentNeeded, NO_CONTENT } from './content-needed.js';
import type { Run } from './context.js';
import type { FitNode, Preflighted, ReadHosts } from './hosts.js';
import { closedPorts } from './member-ports.js';
import { checkRebooted } from './version-since.js';

/** Preflight of every node that answered, all findings of all nodes at once. */
export async function preflightNodes(context: Run, read: ReadHosts['facts']): Promise<Preflighted> {
  const located: FitNode[] = [];
  const content = await contentNeeded(context.options.content, read);
  const findings = new Map<string, NodeFinding[]>();
  const report = (name: string, found: readonly NodeFinding[]): void => {
    findings.set(name, [...(findings.get(name) ?? []), ...found]);
  };
  for (const node of context.options.spec.nodes) {
    const facts = read.get(node.name);
    if (facts === undefined) continue;
    report(node.name, examine(context, node, facts, content));
    const place = locate(context, node, facts);
    if ('severity' in place) report(node.name, [place]);
    else located.push({ node, facts, ...place });
  }
  const identities = located.map(({ node, facts, nodeIp }) => ({
    name: node.name,
    nodeIp,
    hostname: facts.hostname,
    bootId: facts.bootId,
    ...networkOf(facts, nodeIp),
  }));
  for (const [name, found] of crossPreflight(identities, context.options.spec.network)) report(name, found);
  for (const [name, found] of await closedPorts(context, located)) report(name, [found]);
  return decide(context, located, findings);
}

function networkOf({ addresses }: NodeFacts, nodeIp: string): Pick<NodeIdentity, 'network'> {
  const own = addresses.find(({ address }) => address === nodeIp);
  const network = own && parseCidr(`${own.address}/${own.prefix}`);
  return network ? { network: formatCidr(network) } : {};
}

function examine(context: Run, node: NodeSpec, facts: NodeFacts, contentByArch: ContentByArch): NodeFinding[] {
  const { spec } = context.options;
  const content = contentByArch.get(goArchitecture(facts.arch) ?? '') ?? NO_CONTENT;
  const push = bytesToPush(node, facts, content instanceof DisklessError ? NO_CONTENT : content);
  const found = [
    ...checkRebooted(context.memory.record, spec, facts),
    ...byItself(context, node, facts),
    ...preflight({ spec, node, facts, push }),
  ];
  return content instanceof DisklessError ? [findingOf(content), ...found] : found;
}

/** As far as a run may go that nobody asked for. */
function byItself({ options, memory, cluster }: Run, node: NodeSpec, facts: NodeFacts): NodeFinding[] {
  if (options.unattended === undefined) return [];
  return checkUnattended({
    ...options.unattended,
    node,
    policy: options.hostKeyPolicy,
    presented: cluster.session(node.name).hostKey,
    recorded: memory.nodeRecords.get(node.name)?.hostKey,
    machine: sameAsRecorded(memory.nodeRecords, node.name, facts.machine),
  });
}

function findingOf({ code, message, hint }: DisklessError): NodeFinding {
  return { code, severity: 'error', message, ...(hint && { hint }) };
}

function locate(
  { options }: Run,
  node: NodeSpec,
  facts: NodeFacts,
): { nodeIp: string; linkName: string } | NodeFinding {
  try {
    const { address, link } = chooseNodeIp({
      addresses: facts.addresses,
      ...(node.nodeIp && { configured: node.nodeIp }),
      ...(options.spec.network.nodeCidr && { nodeCidr: options.spec.network.nodeCidr }),
      ...(facts.sshAddress && { sshAddress: facts.sshAddress }),
    });
    return { nodeIp: address, linkName: link };
  } catch (error) {
    if (!(error instanceof DisklessError)) throw error;
    return findingOf(error);
  }
}

function decide(context: Run, located: FitNode[], findings: Map<string, NodeFinding[]>): Preflighted {
  const rejected = new Map<string, DisklessError>();
  for (const [name, found] of findings) {
    for (const { severity, code, message, hint } of found) {
      if (severity === 'warning') context.bus.emit({ type: 'note', level: 'warning', node: name, code, message, hint });
    }
    const errors = found.filter(({ severity }) => severity === 'error');
    if (errors.length > 0) rejected.set(name, preflightError(name, errors));
  }
  return { fit: located.filter(({ node }) => !rejected.has(node.name)), rejected };
}

function preflightError(host: string, errors: readonly NodeFinding[]): DisklessError {
  const hints = [...new Set(errors.flatMap(({ hint }) => hint ?? []))];
  return new DisklessError({
    code: errors.length === 1 ? (errors[0]?.code ?? 'preflight') : 'preflight',
    host,
    message: errors.map(({ message }) => message).join('; '),
    ...(hints.length > 0 && { hint: hints.join('; ') }),
  });
}
