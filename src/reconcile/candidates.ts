import { CONTROL_PLANE_BINARIES } from '../artifacts/catalogue.js';
import { versionRow } from '../components/version-table.js';
import { chooseNodeIp } from '../config/node-ip.js';
import type { NodeSpec } from '../config/spec.js';
import { DisklessError } from '../errors.js';
import type { NodeFacts } from '../facts/facts.js';
import { crossPreflight } from '../plan/cross-preflight.js';
import { type Finding, preflight } from '../plan/preflight.js';
import type { Reconciliation } from './reconciliation.js';
import { archOf } from './traits.js';

/** A node that answered, passed preflight and may take part. */
export interface Candidate {
  node: NodeSpec;
  facts: NodeFacts;
  nodeIp: string;
  linkName: string;
}

export interface Candidates {
  fit: Candidate[];
  /** Node name → everything that is wrong with it, as one error. */
  rejected: Map<string, DisklessError>;
}

/** Preflight of every node that answered, all findings of all nodes at once. */
export async function candidatesOf(context: Reconciliation): Promise<Candidates> {
  const located: Candidate[] = [];
  const findings = new Map<string, Finding[]>();
  const report = (name: string, found: readonly Finding[]): void => {
    findings.set(name, [...(findings.get(name) ?? []), ...found]);
  };
  for (const node of context.options.spec.nodes) {
    const facts = context.facts.get(node.name);
    if (facts === undefined) continue;
    report(node.name, await examine(context, node, facts));
    const place = locate(context, node, facts);
    if ('severity' in place) report(node.name, [place]);
    else located.push({ node, facts, ...place });
  }
  const identities = located.map(({ node, facts, nodeIp }) => ({
    name: node.name,
    nodeIp,
    hostname: facts.hostname,
    bootId: facts.bootId,
  }));
  for (const [name, found] of crossPreflight(identities)) report(name, found);
  return decide(context, located, findings);
}

async function examine(context: Reconciliation, node: NodeSpec, facts: NodeFacts): Promise<Finding[]> {
  const { spec } = context.options;
  const { minor, switches } = versionRow(spec.kubernetes);
  const pushBytes = await bytesToWrite(context, node, facts);
  const criApi = switches.cri.includes('v1') ? 'v1' : 'v1alpha2';
  return preflight({ spec, node, facts, criApi, minor, pushBytes });
}

async function bytesToWrite(context: Reconciliation, node: NodeSpec, facts: NodeFacts): Promise<number> {
  const { content } = context.options;
  const held = new Set([...(facts.marker?.files.map(({ sha256 }) => sha256) ?? []), ...(facts.marker?.images ?? [])]);
  const artifacts = [...(await content.artifacts(archOf(facts)))]
    .filter(([name]) => node.role === 'control-plane' || !CONTROL_PLANE_BINARIES.has(name))
    .map(([, artifact]) => artifact);
  const missing = [...artifacts, ...(await content.images(archOf(facts)))].filter(({ sha256 }) => !held.has(sha256));
  return missing.reduce((sum, { size }) => sum + size, 0);
}

function locate(
  { options }: Reconciliation,
  node: NodeSpec,
  facts: NodeFacts,
): { nodeIp: string; linkName: string } | Finding {
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
    return { code: error.code, severity: 'error', message: error.message, ...(error.hint && { hint: error.hint }) };
  }
}

function decide(context: Reconciliation, located: Candidate[], findings: Map<string, Finding[]>): Candidates {
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

function preflightError(host: string, errors: readonly Finding[]): DisklessError {
  const hints = [...new Set(errors.flatMap(({ hint }) => hint ?? []))];
  return new DisklessError({
    code: errors.length === 1 ? (errors[0]?.code ?? 'preflight') : 'preflight',
    host,
    message: errors.map(({ message }) => message).join('; '),
    ...(hints.length > 0 && { hint: hints.join('; ') }),
  });
}
