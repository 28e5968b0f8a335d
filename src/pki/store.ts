import type { ClusterSpec, Role } from '../config/spec.js';
import type { DesiredFile } from '../node/desired.js';
import type { PkiFingerprints } from '../state/records.js';
import { type PkiEnvironment, REAL_ENVIRONMENT } from './environment.js';
import { fingerprintsOf, foreignPki } from './fingerprints.js';
import { ensureFoundation, type Foundation, type PkiFile } from './foundation.js';
import { adminKubeconfig } from './kubeconfig.js';
import type { Leaf, RenewalReason } from './leaf.js';
import { type LeafRequest, nodeRequests, operatorRequests, type PkiNode } from './leaf-request.js';
import { ensureLeaves } from './leaves.js';
import { nodeFiles } from './node-files.js';
import { type OperatorIdentities, operatorTls } from './operator-tls.js';
import type { Pki } from './pki.js';
import { type PkiContents, readPkiDirectory } from './pki-files.js';
import type { PkiProfiles } from './profile-schema.js';
import { loadProfiles } from './profiles.js';
import { type ExpiringAuthority, expiringAuthorities } from './validity.js';
import { writePki } from './write-pki.js';

/** What was done since the store was opened. Leaves by name: `profile`, or `profile@node`. */
export interface PkiReport {
  /** Files of the foundation, relative to pki/. */
  created: string[];
  issued: string[];
  renewed: { leaf: string; reason: RenewalReason }[];
  reused: string[];
  expiringAuthorities: ExpiringAuthority[];
}

interface PkiSource {
  /** pki/ of the state directory; need not exist yet. */
  directory: string;
  /** `memory` reads the directory but never writes: for `plan`. */
  mode: 'persistent' | 'memory';
  /** State records a cluster (an etcd incarnation was begun): lost authorities and keys are then never made anew. */
  clusterExists: boolean;
  /** The PKI that cluster was built with, as far as it was recorded. */
  recorded?: PkiFingerprints | undefined;
}

interface PkiSettings extends PkiSource {
  environment: PkiEnvironment;
  profiles: PkiProfiles;
}

interface EnsurePki {
  spec: ClusterSpec;
  nodes: readonly PkiNode[];
  signal?: AbortSignal;
}

/** The cluster's PKI on the operator: state directory in, credentials out. */
export class PkiStore {
  readonly #settings: PkiSettings;
  /** What the directory holds, together with what was made since and is not written yet. */
  #contents: PkiContents;
  #foundation: Foundation | undefined;
  readonly #leaves = new Map<string, Leaf>();
  #unsaved: { foundation: PkiFile[]; pairs: PkiFile[][] } = { foundation: [], pairs: [] };
  readonly #made: Pick<PkiReport, 'created' | 'issued' | 'renewed'> = { created: [], issued: [], renewed: [] };
  #last: Promise<unknown> = Promise.resolve();

  private constructor(settings: PkiSettings, contents: PkiContents) {
    this.#settings = settings;
    this.#contents = contents;
  }

  /** @throws DisklessError `pki-not-readable` (exit 2). */
  static async open(source: PkiSource & Partial<PkiSettings>): Promise<PkiStore> {
    const { environment = REAL_ENVIRONMENT } = source;
    const [contents, profiles] = await Promise.all([
      readPkiDirectory(source.directory),
      source.profiles ?? loadProfiles(),
    ]);
    return new PkiStore({ ...source, environment, profiles }, contents);
  }

  /**
   * Makes sure that authorities and keys, the operator's leaves and those of the given nodes exist and are up to date,
   * and (mode `persistent`) that they are on disk. Reuses whatever still fits.
   *
   * @throws DisklessError exit 5 when authorities, keys or leaves are lost, damaged, expired or foreign: nothing was
   *   changed then; `pki-not-writable`.
   */
  async ensure({ spec, nodes, signal }: EnsurePki): Promise<PkiReport> {
    return this.#inTurn(async () => {
      const { profiles, environment } = this.#settings;
      const requests = [...operatorRequests(profiles), ...nodeRequests({ profiles, spec, nodes })];
      const { authorities, users } = await this.#make(requests, signal);
      await this.#save();
      const made = new Set([...this.#made.issued, ...this.#made.renewed.map(({ leaf }) => leaf)]);
      return {
        ...structuredClone(this.#made),
        reused: requests.map(({ name }) => name).filter((name) => !made.has(name)),
        expiringAuthorities: expiringAuthorities({ authorities, users, profiles, now: environment.now() }),
      };
    });
  }

  /**
   * What the operator connects with, before nodes are known too. Writes nothing: what had to be made for it is saved by
   * the next `ensure`.
   *
   * @throws DisklessError exit 5, as `ensure`.
   */
  async operatorIdentities(): Promise<OperatorIdentities> {
    return this.#inTurn(async () => {
      await this.#make(operatorRequests(this.#settings.profiles));
      return operatorTls(this.#pki());
    });
  }

  /**
   * What state remembers of the authorities and keys, so that no other's are ever rolled out in their place.
   *
   * @throws DisklessError exit 5, as `ensure`.
   */
  async fingerprints(): Promise<PkiFingerprints> {
    return this.#inTurn(async () => fingerprintsOf(await this.#make([])));
  }

  /** The PKI's files for a node that was part of `ensure`; see node-files.ts. */
  nodeFiles(options: { spec: ClusterSpec; node: { name: string; role: Role } }): DesiredFile[] {
    return nodeFiles({ ...options, pki: this.#pki() });
  }

  /** The administrator's kubeconfig, after `ensure`; a context for each control plane among the nodes. A secret. */
  adminKubeconfig({ spec, nodes }: { spec: ClusterSpec; nodes: readonly PkiNode[] }): string {
    return adminKubeconfig({ spec, pki: this.#pki(), servers: nodes.filter(({ controlPlane }) => controlPlane) });
  }

  async #make(requests: LeafRequest[], signal?: AbortSignal): Promise<Foundation> {
    const contents = this.#contents;
    const { profiles, environment } = this.#settings;
    const { foundation, files } = this.#foundation ? { foundation: this.#foundation, files: [] } : await this.#begin();
    const { authorities } = foundation;
    const { validity } = profiles;
    const made = await ensureLeaves({ contents, requests, authorities, validity, environment, signal });
    this.#foundation = foundation;
    for (const [name, leaf] of made.leaves) this.#leaves.set(name, leaf);
    this.#contents = contents.with([...files, ...made.pairs.flat()]);
    this.#unsaved.foundation.push(...files);
    this.#unsaved.pairs.push(...made.pairs);
    this.#made.created.push(...files.map(({ file }) => file));
    this.#made.issued.push(...made.issued);
    this.#made.renewed.push(...made.renewed);
    return foundation;
  }

  /** Those that apiservers read encrypted values with. */
  async encryptionKeyNames(): Promise<string[]> {
    const foundation = this.#foundation ?? (await this.#begin()).foundation;
    return foundation.encryptionKeys.map(({ name }) => name);
  }

  async #begin(): Promise<{ foundation: Foundation; files: PkiFile[] }> {
    const { profiles, environment, clusterExists, recorded, directory } = this.#settings;
    const hasUsersAuthority = recorded?.usersAuthority !== undefined;
    const contents = this.#contents;
    const begun = await ensureFoundation({ contents, profiles, environment, clusterExists, hasUsersAuthority });
    const foreign = recorded && foreignPki(begun.foundation, recorded, directory);
    if (foreign) throw foreign;
    return begun;
  }

  async #save(): Promise<void> {
    if (this.#settings.mode === 'memory') return;
    await writePki({ directory: this.#settings.directory, ...this.#unsaved });
    this.#unsaved = { foundation: [], pairs: [] };
  }

  #pki(): Pki {
    if (!this.#foundation) throw new TypeError('the PKI is read and completed by ensure() first');
    return { ...this.#foundation, profiles: this.#settings.profiles, leaves: this.#leaves };
  }

  /** One at a time: two callers must not make the same certificate twice. */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
