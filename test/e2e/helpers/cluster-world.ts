import { type Lab, type StartLabOptions, startLab } from '../../../lab/nodes/lab.js';
import type { NodeRequest } from '../../../lab/nodes/plan.js';
import { controlPlanes } from '../../../src/config/spec.js';
import { readClusterRecord } from '../../../src/state/record-files.js';
import { stateDirAt } from '../../../src/state/state-dir.js';
import { createOperator, type Operator, said } from './cli.js';

/** A lab, an operator, and what both know of the cluster between them. */
export interface World {
  lab: Lab;
  operator: Operator;
  nodes: string[];
  /** Runs `up` and demands this exit code; resolves to how many changes it made. */
  up(args?: readonly string[], exit?: number): Promise<{ changed: number }>;
  /** Runs `plan`; resolves to the kinds of actions per node. */
  plan(args?: readonly string[]): Promise<Record<string, string[]>>;
  controlPlaneNames(): Promise<string[]>;
  down(): Promise<void>;
}

export async function createWorld(
  name: string,
  requests: readonly NodeRequest[],
  software: Pick<StartLabOptions, 'generation'> = {},
): Promise<World> {
  const lab = await startLab({
    ...software,
    name,
    nodes: requests,
    progress: (line) => process.stderr.write(`${line}\n`),
  });
  const operator = await createOperator(lab.env());
  return {
    lab,
    operator,
    nodes: requests.map((request) => request.name),
    async up(args = [], exit = 0) {
      const finished = await operator.events(['up', ...args]);
      if (finished.exit !== exit) throw new Error(`up: expected exit ${exit}, ${said(finished)}`);
      const end = finished.events.find((event) => event.type === 'run-finished');
      if (end?.type !== 'run-finished') throw new Error(`up did not finish its events: ${said(finished)}`);
      // None bypasses the count: 0 means that there was no change event either.
      const changes = finished.events.filter(({ type }) => type === 'change').length;
      if (changes !== end.changed) throw new Error(`up told of ${changes} changes and counted ${end.changed}`);
      return { changed: end.changed };
    },
    async plan(args = []) {
      const finished = await operator.run(['plan', ...args, '--output', 'json']);
      if (finished.exit !== 0) throw new Error(`plan: ${said(finished)}`);
      const plan = finished.stdout
        .split('\n')
        .filter(Boolean)
        .map(
          (line) =>
            JSON.parse(line) as { type?: string; plan?: { nodes: { name: string; actions: { kind: string }[] }[] } },
        )
        .find(({ type }) => type === 'plan')?.plan;
      if (plan === undefined) throw new Error(`plan showed none: ${said(finished)}`);
      return Object.fromEntries(plan.nodes.map(({ name: node, actions }) => [node, actions.map(({ kind }) => kind)]));
    },
    async controlPlaneNames() {
      const record = await readClusterRecord(stateDirAt(operator.stateDir));
      return record ? controlPlanes(record.spec).map((node) => node.name) : [];
    },
    async down() {
      await lab.down();
      await operator.remove();
    },
  };
}
