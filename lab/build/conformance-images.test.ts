import { describe, expect, it } from 'vitest';
import { checkDefined, definitions, NOT_MADE } from './conformance-images.js';
import { parseImageManifest } from './image-manifest.js';

const MANIFEST = `
type RegistryList struct {
	PromoterE2eRegistry      string \`yaml:"promoterE2eRegistry"\`
}

var (
	initRegistry = RegistryList{
		// A comment.
		PromoterE2eRegistry:      "registry.k8s.io/e2e-test-images",
		GcRegistry:               "registry.k8s.io",
	}
)

func initImageConfigs(list RegistryList) (map[ImageID]Config, map[ImageID]Config) {
	configs := map[ImageID]Config{}
	configs[AgnhostPrev] = Config{list.PromoterE2eRegistry, "agnhost", "2.55"}
	configs[Agnhost] = Config{list.PromoterE2eRegistry, "agnhost", "2.66.1"}
	// Another comment.
	configs[Etcd] = Config{list.GcRegistry, "etcd", "3.7.0-0"}
	configs[VolumeNFSServer] = Config{list.PromoterE2eRegistry, "volume/nfs", "1.6.0"}
	return configs, configs
}

func GetMappedImageConfigs() {
		configs[i] = getRepositoryMappedConfig(i, config, repo)
}
`;

describe('names of images', () => {
  it('are those of the sources', () => {
    expect([...parseImageManifest(MANIFEST)]).toEqual([
      ['AgnhostPrev', 'registry.k8s.io/e2e-test-images/agnhost:2.55'],
      ['Agnhost', 'registry.k8s.io/e2e-test-images/agnhost:2.66.1'],
      ['Etcd', 'registry.k8s.io/etcd:3.7.0-0'],
      ['VolumeNFSServer', 'registry.k8s.io/e2e-test-images/volume/nfs:1.6.0'],
    ]);
  });

  it.each([
    ['there are none', 'package image', '0 of 0'],
    ['one is written in another way', `${MANIFEST}\tconfigs[New] = Config{registry: "x"}\n`, '4 of 5'],
    ['a registry is unknown', MANIFEST.replace('GcRegistry: ', 'Other: '), 'GcRegistry has no address'],
  ])('are not guessed where %s', (_title, text, message) => {
    expect(() => parseImageManifest(text)).toThrow(
      expect.objectContaining({ code: 'lab-image-manifest', message: expect.stringContaining(message) }),
    );
  });
});

describe('definitions of images', () => {
  const defined = definitions({ tests: '/tests', etcd: '/etcd', coredns: '/coredns', sources: '/sources' });

  it('are made or not made, not both', () => {
    expect(Object.keys(defined).filter((id) => Object.hasOwn(NOT_MADE, id))).toEqual([]);
  });

  it('one that nobody has thought of is named', () => {
    checkDefined(['Agnhost', 'VolumeNFSServer'], defined);
    expect(() => checkDefined(['Agnhost', 'Brandnew'], defined)).toThrow(
      expect.objectContaining({ code: 'lab-image-undefined', message: expect.stringContaining('Brandnew') }),
    );
  });

  it('share what is in several', () => {
    const [agnhost] = defined.Agnhost?.layers ?? [];
    expect(agnhost).toBeDefined();
    for (const id of ['AgnhostPrev', 'Kitten', 'Nautilus']) expect(defined[id]?.layers[0]).toBe(agnhost);
  });
});
