import { copyFile, link, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { writeImageArchive } from './image-archive.js';
import { builtVersion, fileInputs, type Product } from './product.js';

export interface KubeadmParts {
  /** Directories of the products. */
  kubeadm: string;
  kubernetes: string;
  etcd: string;
}

const CONTROL_PLANE = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];

/** `kubeadm`, and archives of the images whose pods it starts, made of the same binaries that `up` sends. */
export function kubeadmKit(parts: KubeadmParts): Product {
  const [kubernetes, etcd] = [parts.kubernetes, parts.etcd].map(builtVersion);
  return {
    name: `kubeadm-kit-${kubernetes}`,
    inputs: async () => [
      ...Object.values(parts).map((path) => basename(path)),
      ...(await fileInputs(import.meta.dirname, ['kubeadm.ts', 'image-archive.ts'])),
    ],
    build: async ({ output, work }) => {
      await copyFile(join(parts.kubeadm, 'kubeadm'), join(output, 'kubeadm'));
      const pack = async (name: string, tag: string, program: string) => {
        const root = join(work, name);
        await mkdir(join(root, 'usr/bin'), { recursive: true });
        await link(program, join(root, 'usr/bin', name));
        const references = [`registry.k8s.io/${name}:${tag}`];
        const image = { references, layers: [root], entrypoint: [] };
        await writeImageArchive({ file: join(output, `${name}.tar`), images: [image] });
      };
      for (const name of CONTROL_PLANE) await pack(name, `v${kubernetes}`, join(parts.kubernetes, name));
      // The command of the server's module is called `server`.
      await pack('etcd', `v${etcd}`, join(parts.etcd, 'server'));
      return { version: `kubernetes-${kubernetes}_etcd-${etcd}` };
    },
  };
}
