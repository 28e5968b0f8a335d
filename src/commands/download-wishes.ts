import { contentPlace } from '../app/inputs.js';
import { stateOf } from '../app/state-of.js';
import type { Arch, ArtifactVersions } from '../artifacts/catalogue.js';
import { etcdProblem } from '../config/etcd-floor.js';
import { type LoadedConfig, loadConfig } from '../config/load.js';
import { decideSettings } from '../config/settings.js';
import type { ClusterSpec } from '../config/spec.js';
import { NEWEST, versionRow } from '../config/version-table.js';
import { usageError } from '../errors.js';
import { goArchitecture } from '../facts/architecture.js';
import { readClusterRecord, readNodeRecords } from '../state/record-files.js';
import type { DownloadFlags } from './download-options.js';

/** What there is to download. */
export interface DownloadWishes {
  versions: ArtifactVersions;
  archs: readonly Arch[];
  /** URL of the mirror to take it from, instead of upstream. */
  mirror: string | undefined;
  /** What nodes pull by themselves. */
  images: readonly string[];
}

/** As flags, config file and record say, without any hosts needed. @throws usage error of versions that `up` refuses */
export async function readDownloadWishes(flags: DownloadFlags): Promise<DownloadWishes> {
  const file = flags.config === undefined ? undefined : await loadConfig(flags.config);
  const state = stateOf(flags, file);
  const recorded = (await readClusterRecord(state))?.spec;
  const settings = decideSettings({
    flags: { ...(flags.kubernetes !== undefined && { kubernetes: flags.kubernetes }) },
    defaults: { kubernetes: NEWEST.kubernetes },
    nodeCount: 1,
    ...(file && { file: file.config }),
    ...ofThatVersion(recorded, flags.kubernetes ?? file?.config.kubernetes),
  });
  const { kubernetes, etcd, cni, sandboxImage, addons } = settings;
  versionRow(kubernetes);
  const problem = etcdProblem(etcd);
  if (problem !== undefined) throw usageError({ code: 'etcd-version-unsupported', message: problem });
  return {
    versions: { kubernetes, etcd, cni },
    archs: flags.arch ?? (await knownArchitectures(flags, file, recorded)) ?? [settings.boot?.arch ?? 'amd64'],
    mirror: contentPlace(flags, file).mirror,
    images: [sandboxImage, ...(addons.dns.enabled ? [addons.dns.image] : [])],
  };
}

/** Another version than the recorded one is asked for ahead of a new cluster, with what belongs to that version. */
function ofThatVersion(recorded: ClusterSpec | undefined, asked: string | undefined): { recorded?: ClusterSpec } {
  if (recorded === undefined) return {};
  return asked === undefined || asked.replace(/^v/, '') === recorded.kubernetes ? { recorded } : {};
}

async function knownArchitectures(
  flags: DownloadFlags,
  file: LoadedConfig | undefined,
  recorded: ClusterSpec | undefined,
): Promise<Arch[] | undefined> {
  const records = await readNodeRecords(stateOf(flags, file));
  const known = (recorded?.nodes ?? []).flatMap(({ name }) => goArchitecture(records.get(name)?.arch ?? '') ?? []);
  return known.length === 0 ? undefined : [...new Set(known)];
}
