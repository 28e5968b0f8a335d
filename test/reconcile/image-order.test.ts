import { expect, it } from 'vitest';
import { inOrderOfNeed } from '../../src/reconcile/image-order.js';
import { sampleSpec } from '../helpers/sample-facts.js';

it('brings the pause image first, then that of the name servers, then the smallest: one large archive keeps no pod waiting', () => {
  const spec = sampleSpec();
  const image = (size: number, ...references: string[]) => ({ sha256: `${size}`.repeat(8), size, references });
  const images = [
    image(400, 'tests:1'),
    image(2, 'echo:1'),
    image(60, spec.addons.dns.image),
    image(3, 'pause:0', spec.sandboxImage),
  ];
  expect(inOrderOfNeed(images, spec).map(({ size }) => size)).toEqual([3, 60, 2, 400]);
});
