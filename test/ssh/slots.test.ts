import { describe, expect, it } from 'vitest';
import { Slots } from '../../src/ssh/slots.js';

describe('Slots', () => {
  it('serves in order, and again what was given back', async () => {
    const slots = new Slots(2);
    const [first] = [await slots.acquire(), await slots.acquire()];
    const order: string[] = [];
    const third = slots.acquire().then((release) => {
      order.push('third');
      return release;
    });
    const fourth = slots.acquire().then(() => order.push('fourth'));
    first();
    first();
    await third;
    expect(order).toEqual(['third']);
    (await third)();
    await fourth;
    expect(order).toEqual(['third', 'fourth']);
  });

  it('lets a waiter give up without losing a slot', async () => {
    const slots = new Slots(1);
    const release = await slots.acquire();
    const controller = new AbortController();
    const waiting = slots.acquire(controller.signal);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
    const next = slots.acquire();
    release();
    (await next)();
    await slots.acquire();
  });

  it('gives nothing to a signal that has fired before', async () => {
    const slots = new Slots(1);
    const release = await slots.acquire();
    await expect(slots.acquire(AbortSignal.abort())).rejects.toMatchObject({ code: 'aborted' });
    release();
    await slots.acquire();
  });
});
