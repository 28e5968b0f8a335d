import { DisklessError, EXIT, refusal } from '../../src/errors.js';
import type { NodeSummary, RunEvent, RunEventBody } from '../../src/runner/events.js';

/** Recorded-looking runs whose times are made up but fixed. */
export const STEPS = [
  { id: 'connect', title: 'Connect over SSH' },
  { id: 'preflight', title: 'Preflight checks' },
  { id: 'certificates', title: 'Certificates' },
  { id: 'push', title: 'Push files' },
  { id: 'etcd', title: 'Start etcd' },
  { id: 'kubelet', title: 'Start kubelet' },
  { id: 'ready', title: 'Wait until Ready' },
];

const KUBECONFIG = '/home/u/.local/state/k8s-diskless/default/kubeconfig';

export function at(ms: number, body: RunEventBody): RunEvent {
  return { v: 1, ms, time: new Date(Date.UTC(2026, 10, 20, 10) + ms).toISOString(), ...body };
}

export function nodeNames(amount: number): string[] {
  return Array.from({ length: amount }, (_, index) => `s${index + 4}`);
}

export function started(nodes: string[]): RunEvent {
  return at(0, { type: 'run-started', command: 'up', cluster: 'default', nodes, steps: STEPS });
}

interface WorkOptions {
  step: string;
  node?: string;
  fromMs: number;
  toMs: number;
  outcome?: 'changed' | 'unchanged';
  error?: DisklessError;
}

export function work({ step, node, fromMs, toMs, outcome = 'changed', error }: WorkOptions): RunEvent[] {
  const place = { step, ...(node !== undefined && { node }) };
  const ending = error ? ({ outcome: 'failed', error } as const) : { outcome };
  return [
    at(fromMs, { type: 'step-started', ...place }),
    at(toMs, { type: 'step-finished', ...place, ...ending, durationMs: toMs - fromMs }),
  ];
}

export function skipped(step: string, node: string, ms: number, reason: string): RunEvent {
  return at(ms, { type: 'step-finished', step, node, outcome: 'skipped', durationMs: 0, reason });
}

function nodeSummary(name: string, overrides: Partial<NodeSummary> = {}): NodeSummary {
  const index = Number(name.slice(1));
  return {
    name,
    role: index === 4 ? 'control-plane' : 'worker',
    nodeIp: `10.146.225.${index}`,
    state: 'ready',
    version: 'v1.37.2',
    changes: 31,
    bytesSent: index === 4 ? 98_400_000 : 41_300_000,
    ...overrides,
  };
}

const byTime = (events: RunEvent[]): RunEvent[] => events.toSorted((a, b) => a.ms - b.ms);

/** Blank nodes become a cluster. */
export function coldRun(amount = 3): RunEvent[] {
  const nodes = nodeNames(amount);
  const perNode = nodes.flatMap((node, index) => [
    ...work({ step: 'connect', node, fromMs: 5, toMs: 210 + 12 * index }),
    ...work({ step: 'preflight', node, fromMs: 210 + 12 * index, toMs: 290 + 12 * index, outcome: 'unchanged' }),
    ...work({ step: 'push', node, fromMs: 700, toMs: 2900 + 55 * index }),
    at(1800, { type: 'progress', step: 'push', node, done: 20_650_000, total: 41_300_000 }),
    at(1700, { type: 'change', step: 'push', node, what: '/opt/bin/kubelet' }),
    ...work({ step: 'kubelet', node, fromMs: 3000 + 55 * index, toMs: 3060 + 55 * index }),
    ...work({ step: 'ready', node, fromMs: 3100 + 55 * index, toMs: 6900 + 110 * index }),
  ]);
  return [
    started(nodes),
    ...byTime([
      ...perNode,
      ...work({ step: 'certificates', fromMs: 300, toMs: 340 }),
      ...work({ step: 'etcd', node: 's4', fromMs: 1500, toMs: 2480 }),
      at(240, { type: 'note', level: 'info', code: 'host-key', node: 's4', message: 'host key of this boot recorded' }),
      at(250, { type: 'note', level: 'info', code: 'host-key', node: 's5', message: 'host key of this boot recorded' }),
      at(280, {
        type: 'note',
        level: 'warning',
        code: 'clock-set',
        node: 's6',
        message: 'its clock was 3 h off and was set',
        hint: 'a time server on the boot network spares this',
      }),
    ]),
    at(7500, {
      type: 'run-finished',
      exit: EXIT.done,
      durationMs: 7500,
      changed: 31 * amount,
      nodes: nodes.map((name) => nodeSummary(name)),
      kubeconfig: KUBECONFIG,
    }),
  ];
}

/** Everything was there already. */
export function idleRun(): RunEvent[] {
  const nodes = nodeNames(3);
  return [
    started(nodes),
    ...byTime(
      nodes.flatMap((node, index) => [
        ...work({ step: 'connect', node, fromMs: 5, toMs: 180 + 8 * index, outcome: 'unchanged' }),
        ...work({ step: 'preflight', node, fromMs: 200, toMs: 260, outcome: 'unchanged' }),
        ...work({ step: 'push', node, fromMs: 260, toMs: 262, outcome: 'unchanged' }),
        ...work({ step: 'ready', node, fromMs: 262, toMs: 270, outcome: 'unchanged' }),
      ]),
    ),
    at(610, {
      type: 'run-finished',
      exit: EXIT.done,
      durationMs: 610,
      changed: 0,
      nodes: nodes.map((name) => nodeSummary(name, { state: 'unchanged', changes: 0, bytesSent: 0 })),
      kubeconfig: KUBECONFIG,
    }),
  ];
}

export function fullTarget(host: string): DisklessError {
  return new DisklessError({
    code: 'target-full',
    host,
    step: 'push',
    message: `${host} has no room for 145 MB: /opt has 12 MB left`,
    detail:
      'tar: kubelet: Cannot write: No space left on device\ntar: Exiting with failure status due to previous errors',
    hint: `give ${host} more memory, or make its tmpfs larger`,
    cause: new Error('exit code 2'),
  });
}

/** Twelve nodes, of which four fail alike, and one otherwise. */
export function partialRun(): RunEvent[] {
  const nodes = nodeNames(12);
  const full = new Set(['s6', 's9', 's12', 's15']);
  const silent = new DisklessError({
    code: 'connect-timeout',
    host: 's11',
    step: 'connect',
    message: 's11 does not answer on port 22 within 5 s',
    hint: 'is it switched on? --connect-timeout makes it wait longer',
  });
  const perNode = nodes.flatMap((node, index) => {
    if (node === 's11') {
      return [
        ...work({ step: 'connect', node, fromMs: 5, toMs: 5005, error: silent }),
        skipped('push', node, 5005, 'connect on s11 failed'),
        skipped('kubelet', node, 5005, 'connect on s11 failed'),
        skipped('ready', node, 5005, 'connect on s11 failed'),
      ];
    }
    const begin = work({ step: 'connect', node, fromMs: 5, toMs: 200 + 10 * index });
    if (full.has(node)) {
      return [
        ...begin,
        ...work({ step: 'push', node, fromMs: 700, toMs: 1200 + 9 * index, error: fullTarget(node) }),
        skipped('kubelet', node, 1300 + 9 * index, `push on ${node} failed`),
        skipped('ready', node, 1300 + 9 * index, `push on ${node} failed`),
      ];
    }
    return [
      ...begin,
      ...work({ step: 'push', node, fromMs: 700, toMs: 2900 + 55 * index }),
      ...work({ step: 'kubelet', node, fromMs: 3600, toMs: 3700 + 5 * index }),
      ...work({ step: 'ready', node, fromMs: 3700, toMs: 6900 + 10 * index }),
    ];
  });
  return [
    started(nodes),
    ...byTime(perNode),
    at(7600, {
      type: 'run-finished',
      exit: EXIT.partial,
      durationMs: 7600,
      changed: 217,
      nodes: nodes.map((name) => {
        if (name === 's11') {
          const { version: _, ...rest } = nodeSummary(name, { state: 'skipped', changes: 0, bytesSent: 0 });
          return { ...rest, reason: 'does not answer' };
        }
        return nodeSummary(
          name,
          full.has(name) ? { state: 'failed', reason: 'no room for its files', changes: 3 } : {},
        );
      }),
      kubeconfig: KUBECONFIG,
    }),
  ];
}

/** A verdict that a person must answer. */
export function refusedRun(): RunEvent[] {
  const error = refusal({
    code: 'quorum-lost',
    message: "etcd quorum lost: 1 of 3 control planes (s4) has the cluster's data; s5 lost its data, s6 lost its data",
    hint: 'reboot every control plane to accept its loss and start empty',
  });
  return [
    started(nodeNames(3)),
    ...nodeNames(3).flatMap((node) => work({ step: 'connect', node, fromMs: 5, toMs: 215, outcome: 'unchanged' })),
    at(900, { type: 'run-finished', exit: EXIT.refused, durationMs: 900, changed: 0, nodes: [], error }),
  ];
}

/** Ctrl-C in the middle of a transfer. */
export function interruptedRun(): RunEvent[] {
  const nodes = nodeNames(3);
  return [
    started(nodes),
    ...nodes.flatMap((node) => work({ step: 'connect', node, fromMs: 5, toMs: 215 })),
    ...nodes.map((node) => at(300, { type: 'step-started', step: 'push', node })),
    ...nodes.map((node) =>
      at(1500, { type: 'step-finished', step: 'push', node, outcome: 'cancelled', durationMs: 1200 }),
    ),
    at(1600, { type: 'run-finished', exit: EXIT.interrupted, durationMs: 1600, changed: 3, nodes: [] }),
  ];
}
