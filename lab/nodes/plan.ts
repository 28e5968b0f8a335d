import { usageError } from '../../src/errors.js';
import { traitsOf } from '../options.js';
import { checkNodeName, operatorLink } from './naming.js';
import { type NodeTraits, SEGMENT_OCTET, type Segment } from './traits.js';

export interface NodeRequest {
  name: string;
  /** `NAME` or `NAME=VALUE` of `lab options`. */
  options?: readonly string[];
}

/** All there is to know about a lab; what its run directory keeps. */
export interface LabPlan {
  name: string;
  /** Tells the subnets of labs that run side by side apart. */
  index: number;
  operator: { link: string; address: string };
  /** The main and the far segment are joined by a router. */
  hasRouter: boolean;
  nodes: NodePlan[];
}

export interface NodePlan {
  name: string;
  options: readonly string[];
  /** Last octet of each of its addresses. */
  number: number;
  nics: Nic[];
  traits: NodeTraits;
}

interface Nic {
  /** Inside the node. */
  device: string;
  segment: Segment;
  address: string;
  mac: string;
}

/** Third octet of lab 0; 30 labs fit. */
const FIRST_OCTET = 225;
export const MOST_LABS = 30;
const OPERATOR_NUMBER = 1;
const ROUTER_NUMBER = 254;
/** s4 gets .4; nodes whose name is no help are counted from here. */
const FIRST_UNNUMBERED = 200;

export function emptyLab(options: { name: string; index: number; hasRouter: boolean }): LabPlan {
  const operator = { link: operatorLink(options.index), address: addressIn('main', options.index, OPERATOR_NUMBER) };
  return { ...options, operator, nodes: [] };
}

/** Subnet of a segment, as CIDR. */
export function subnetOf(lab: Pick<LabPlan, 'index'>, segment: Segment): string {
  return `${addressIn(segment, lab.index, 0)}/24`;
}

export function routerAddress(lab: Pick<LabPlan, 'index'>, segment: Segment): string {
  return addressIn(segment, lab.index, ROUTER_NUMBER);
}

/** The lab with nodes added; those it has already must be asked for with the same options. */
export function withNodes(lab: LabPlan, requests: readonly NodeRequest[]): LabPlan {
  const nodes = [...lab.nodes];
  for (const { name, options = [] } of requests) {
    const known = nodes.find((node) => node.name === name);
    if (known === undefined) nodes.push(planNode({ name, options, lab: { ...lab, nodes } }));
    else if (known.options.join() !== options.join()) throw optionsDiffer(known);
  }
  const plan = { ...lab, nodes };
  for (const node of nodes) checkReachable(node, plan);
  return plan;
}

function planNode({ name, options, lab }: { name: string; options: readonly string[]; lab: LabPlan }): NodePlan {
  const traits = traitsOf(checkNodeName(name), options);
  const number = freeNumber(name, new Set(lab.nodes.map((node) => node.number)));
  const nics = traits.segments.map((segment, n) => ({
    device: `eth${n}`,
    segment,
    address: addressIn(segment, lab.index, number),
    mac: macOf({ lab: lab.index, number, nic: n }),
  }));
  return { name, options, number, nics, traits };
}

function freeNumber(name: string, taken: ReadonlySet<number>): number {
  const wanted = Number(/[0-9]+$/.exec(name)?.[0] ?? 0);
  if (wanted > OPERATOR_NUMBER && wanted < FIRST_UNNUMBERED && !taken.has(wanted)) return wanted;
  for (let number = FIRST_UNNUMBERED; number < ROUTER_NUMBER; number++) if (!taken.has(number)) return number;
  throw usageError({ code: 'lab-full', message: `no address is left in this lab for ${name}` });
}

function addressIn(segment: Segment, index: number, number: number): string {
  return `10.${SEGMENT_OCTET[segment]}.${FIRST_OCTET + index}.${number}`;
}

/** The same at every boot, as a real NIC's is; 02 marks it as locally administered. */
function macOf(nic: { lab: number; number: number; nic: number }): string {
  return [0x02, 0x6b, 0x64, nic.lab, nic.nic, nic.number].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

function checkReachable(node: NodePlan, lab: LabPlan): void {
  const [first] = node.nics;
  if (first?.segment === 'hidden' && jumpHostOf(lab) === undefined) {
    throw usageError({
      code: 'lab-no-jump-host',
      message: `${node.name} is hidden, and no node of this lab is a jump host`,
      hint: 'start one with it: lab up jump s5 --option jump:jump --option s5:hidden',
    });
  }
  if (first?.segment === 'far' && !lab.hasRouter) {
    throw usageError({
      code: 'lab-no-router',
      message: `${node.name} is far, and this lab was started without a router`,
      hint: 'take the lab down, and name a far node in its first `up`',
    });
  }
}

export function jumpHostOf(lab: LabPlan): NodePlan | undefined {
  return lab.nodes.find((node) => node.traits.isJumpHost);
}

function optionsDiffer(node: NodePlan): Error {
  const has = node.options.length === 0 ? 'no options' : node.options.join(' ');
  return usageError({
    code: 'lab-options-differ',
    message: `${node.name} exists already, with ${has}`,
    hint: 'options are set for good when a node is made; take the lab down, or give a new node another name',
  });
}
