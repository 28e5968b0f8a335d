import type { ClusterSpec } from '../config/spec.js';
import type { DesiredImage } from '../node/desired.js';

/** No pod starts before the pause image is there, and no name is resolved before a name server is; then the smallest first. */
export function inOrderOfNeed(images: readonly DesiredImage[], { sandboxImage, addons }: ClusterSpec): DesiredImage[] {
  const first = [sandboxImage, addons.dns.image];
  const rank = ({ references }: DesiredImage): number => {
    const found = first.findIndex((name) => references.includes(name));
    return found === -1 ? first.length : found;
  };
  return images.toSorted((one, other) => rank(one) - rank(other) || one.size - other.size);
}
