import { readFileSync } from 'node:fs';
import { packageFile } from '../package-files.js';

export const KUBERNETES_COMPONENTS = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
] as const;

export type KubernetesComponent = (typeof KUBERNETES_COMPONENTS)[number];

export interface FeatureGate {
  stage: 'alpha' | 'beta' | 'GA' | 'deprecated';
  default: boolean;
  /** Any other value than the default is fatal. */
  locked?: true;
}

/** What a component starts with: any other flag or gate ends it. Deprecated ones are among them. */
export interface AcceptedFlags {
  /** Long ones, without dashes. */
  flags: string[];
  gates: Record<string, FeatureGate>;
}

/** `accepted-flags/1.37.json`: what the programs of a minor said of themselves; `lab:build -- --accepted-flags` writes it. */
export interface AcceptedFile {
  /** The patch release that was asked. */
  kubernetes: string;
  /** Known to all components alike; those of a single component stand there. */
  gates: Record<string, FeatureGate>;
  components: Record<KubernetesComponent, AcceptedFlags>;
}

/** Shipped as they are, not compiled. */
export const ACCEPTED_FILES = packageFile('src/config/accepted-flags/');

const alreadyRead = new Map<number, AcceptedFile>();

/** @param minor e.g. 37 for 1.37; every row of the version table has a file. */
export function readAccepted(minor: number): AcceptedFile {
  const file = alreadyRead.get(minor) ?? JSON.parse(readFileSync(new URL(`1.${minor}.json`, ACCEPTED_FILES), 'utf8'));
  alreadyRead.set(minor, file);
  return file;
}

export function acceptedFlags(minor: number, component: KubernetesComponent): AcceptedFlags {
  const { gates, components } = readAccepted(minor);
  const { flags, gates: own } = components[component];
  return { flags, gates: { ...gates, ...own } };
}
