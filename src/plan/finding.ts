import type { ClusterSpec, NodeSpec } from '../config/spec.js';
import type { NodeFacts } from '../facts/facts.js';

/** One thing wrong with a node: an error keeps it out of the run. */
export interface NodeFinding {
  code: string;
  severity: 'error' | 'warning';
  message: string;
  hint?: string;
}

export interface PreflightInput {
  spec: ClusterSpec;
  node: NodeSpec;
  facts: NodeFacts;
  /** Uncompressed bytes still to be written to the node. */
  push: { binaryBytes: number; imageBytes: number };
}

export type Check = (input: PreflightInput) => NodeFinding[];

export const error = (code: string, message: string, hint?: string): NodeFinding[] => [
  { code, severity: 'error', message, ...(hint && { hint }) },
];
export const warning = (code: string, message: string, hint?: string): NodeFinding[] => [
  { code, severity: 'warning', message, ...(hint && { hint }) },
];
