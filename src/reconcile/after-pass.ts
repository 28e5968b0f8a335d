import { type DisklessError, EXIT } from '../errors.js';
import { Deferral } from '../runner/deferral.js';
import type { StepReport } from '../runner/perform-step.js';
import { isOfBooting } from './connect-retry.js';
import type { ReadHosts } from './hosts.js';
import { type Outcome, outcomeOf } from './outcome.js';

/** A node that reboots again and again must not keep a run from ending. */
export const MOST_PASSES = 3;

export interface PassEnd {
  command: 'up' | 'plan';
  interrupted: boolean;
  /** Which one it was, from 1; those that machines which were still booting asked for do not count. */
  pass: number;
  /** Machines that do not answer may still be waited for. */
  hasTime: boolean;
  controlPlanes: readonly string[];
  reports: readonly StepReport[];
  /** Of the machines, as planning found them. */
  unread: ReadHosts['unread'];
  /** Pods of the cluster DNS have their nodes, and none became ready. */
  dnsFails: boolean;
}

export interface AnotherPass {
  /** For whom, or what, in a sentence. */
  because: string;
  /** Nodes of which one has to answer first, or the wait for all of them has to end. */
  waitFor: ReadonlySet<string>;
}

export type AfterPass = { finish: Outcome } | { again: AnotherPass };

/**
 * One pass is the rule. Another follows for whoever could not be judged in it: a member that lost its data while the
 * others had to be brought up first, a worker that answered too late, a node that rebooted in the middle. Pure.
 */
export function afterPass(end: PassEnd): AfterPass {
  const { command, interrupted, pass, reports, dnsFails } = end;
  const lost = reports.filter((report) => isLoss(end, report));
  const awaited = awaitedOf(end);
  const fatal = reports.find(({ node, error }) => node === '' && error)?.error;
  const finish = { finish: outcomeOf({ reports, command, interrupted, dnsFails }) };
  if (command === 'plan' || interrupted || (fatal && !mayPass(end, { fatal, lost, awaited }))) return finish;
  const reasons = [...deferredOf(reports), ...lost.map(lossOf)];
  if (reasons.length > 0 && pass < MOST_PASSES)
    return { again: { because: `another pass for ${[...new Set(reasons)].join('; ')}`, waitFor: new Set() } };
  if (awaited.size === 0) return finish;
  const because = `${fatal ? fatal.message : 'the rest is done'}; waiting for ${[...awaited].join(', ')}`;
  return { again: { because, waitFor: awaited } };
}

/** Another pass finds the node in its next boot. */
function isLoss({ hasTime }: PassEnd, { node, error }: StepReport): boolean {
  return error?.code === 'rebooted' || (node !== '' && hasTime && isOfBooting(error));
}

function lossOf({ node, error }: StepReport): string {
  return `${error?.host ?? node}: ${error?.code === 'rebooted' ? 'it rebooted' : 'it went away'}`;
}

function deferredOf(reports: readonly StepReport[]): string[] {
  return reports.flatMap(({ node, reason = '', deferred }) => (deferred === 'next-pass' ? [`${node}: ${reason}`] : []));
}

/** Whom this pass went on without: by their own steps, or by the one that reads them again. */
function awaitedOf({ reports, unread }: PassEnd): Set<string> {
  const own = reports.flatMap(({ node, deferred }) => (deferred === 'host-answers' ? [node] : []));
  const later = [...unread].flatMap(([node, error]) =>
    error instanceof Deferral && error.until === 'host-answers' ? [node] : [],
  );
  return new Set([...own, ...later]);
}

interface Fatal {
  fatal: DisklessError;
  lost: readonly StepReport[];
  awaited: ReadonlySet<string>;
}

/** A failure for the cluster may be the consequence of a loss or an absence; a refusal is none. */
function mayPass({ hasTime, controlPlanes }: PassEnd, { fatal, lost, awaited }: Fatal): boolean {
  const isMissed = lost.length > 0 || controlPlanes.some((name) => awaited.has(name));
  const isOver = hasTime || lost.some(({ error }) => error?.code === 'rebooted');
  return isMissed && isOver && fatal.exit === EXIT.failed;
}
