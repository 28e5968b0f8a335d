import { describe, expect, it } from 'vitest';
import { DisklessError } from '../../../src/errors.js';
import type { Judgement, NodeWork } from '../../../src/reconcile/judgement.js';
import { takeWork } from '../../../src/reconcile/steps/preflight.js';
import { Deferral } from '../../../src/runner/deferral.js';
import { sampleOrders } from '../../helpers/sample-orders.js';

const { signal } = new AbortController();
const place = (node: string) => ({ node, step: 'preflight', signal, failed: new Set<string>() });

describe('preflight', () => {
  const rejection = new DisklessError({ code: 'tools-missing', message: 'it has no curl' });
  const gone = new DisklessError({ code: 'unreachable', message: 'it does not answer' });
  const own = {} as NodeWork;
  const contextOf = (isLast: boolean, orders = sampleOrders()) => ({
    isLast,
    hosts: { rejected: new Map([['s5', rejection]]), unread: new Map([['s7', gone]]) },
    judgement: { orders, work: new Map([['s4', own]]) } as unknown as Judgement,
  });

  it('gives its work to who has any, and stops the rejected, and who went away since it was read, with their own reason', async () => {
    const context = contextOf(false);
    expect((await takeWork(context, place('s4'))).gives).toBe(own);
    await expect(takeWork(context, place('s5'))).rejects.toBe(rejection);
    await expect(takeWork(context, place('s7'))).rejects.toBe(gone);
  });

  it('leaves who answered too late for another pass, and fails them in the last one', async () => {
    const deferral = takeWork(contextOf(false), place('s6'));
    await expect(deferral).rejects.toBeInstanceOf(Deferral);
    const message = 'it answered after the plan was made';
    await expect(deferral).rejects.toMatchObject({
      code: 'dependency-failed',
      host: 's6',
      until: 'next-pass',
      message,
    });
    const last = takeWork(contextOf(true), place('s6'));
    await expect(last).rejects.toMatchObject({ code: 'left-out', host: 's6' });
    await expect(last).rejects.not.toBeInstanceOf(Deferral);
  });

  it('asks about a member that somebody saw to that it does not start', async () => {
    const ask = {
      code: 'refused',
      reason: 'etcd-masked',
      message: 'etcd.service is masked on s6',
      hint: 'unmask',
    } as const;
    const asked = takeWork(contextOf(false, sampleOrders({ members: { s6: { do: 'leave', ask } } })), place('s6'));
    await expect(asked).rejects.toMatchObject({ code: 'etcd-masked', exit: 5, host: 's6', hint: 'unmask' });
    await expect(asked).rejects.not.toBeInstanceOf(Deferral);
  });
});
