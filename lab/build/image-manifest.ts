import { DisklessError } from '../../src/errors.js';

/**
 * Names of the images that Kubernetes' own tests use, by the IDs of their sources such as `Agnhost`, from the text of
 * test/utils/image/manifest.go.
 *
 * @throws DisklessError `lab-image-manifest` where the text is not as it was when this was written.
 */
export function parseImageManifest(text: string): Map<string, string> {
  const registries = new Map(
    [...text.matchAll(/^\t+([A-Z]\w+): +"([^"]+)",$/gm)].map(([, name = '', url = '']) => [name, url] as const),
  );
  const images = new Map<string, string>();
  const line = /^\tconfigs\[(\w+)\] = Config\{list\.(\w+), "([^"]+)", "([^"]+)"\}$/gm;
  for (const [, id = '', list = '', name = '', tag = ''] of text.matchAll(line)) {
    const registry = registries.get(list);
    if (registry === undefined) throw unreadable(`the registry ${list} has no address`);
    images.set(id, `${registry}/${name}:${tag}`);
  }
  const assignments = text.match(/\bconfigs\[\w+\] = Config\{/g) ?? [];
  if (images.size > 0 && images.size === assignments.length) return images;
  throw unreadable(`${images.size} of ${assignments.length} images can be read`);
}

function unreadable(message: string): DisklessError {
  return new DisklessError({
    code: 'lab-image-manifest',
    message: `manifest.go, which names the images of Kubernetes' tests, is written in another way: ${message}`,
  });
}
