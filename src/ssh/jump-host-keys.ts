import { type DisklessError, refusal } from '../errors.js';
import type { EffectiveConfig } from './effective-config.js';
import { isSpokenOf, showKey } from './host-key.js';
import { type KnownHostsEntry, knownHostsName } from './known-hosts.js';
import type { HostKey } from './transport.js';

export interface JumpHostKeysOptions {
  /** By the host's name in known_hosts: as recorded, and from then on what is believed. */
  believed: Map<string, HostKey>;
  /** Where they are recorded, for a person who knows that one was changed. */
  file: string;
  /** Whether this one makes new keys at each boot: a node of the cluster may lead to others. */
  forgets: (host: EffectiveConfig) => boolean;
  /** Told of a key that is believed because it is the first. */
  onNew: (message: string) => void;
}

export interface PresentedByJumpHost {
  config: EffectiveConfig;
  /** Entries of known_hosts that speak of it: their word is final. */
  known: readonly KnownHostsEntry[];
  presented: HostKey;
}

/** Under the policy `per-boot`: a jump host forgets nothing at a reboot, so that it has one key for good. */
export class JumpHostKeys {
  readonly #options: JumpHostKeysOptions;

  constructor(options: JumpHostKeysOptions) {
    this.#options = options;
  }

  /** The key of this jump host, where one is believed. */
  of(config: EffectiveConfig): HostKey | undefined {
    return this.#options.forgets(config) ? undefined : this.#options.believed.get(knownHostsName(config));
  }

  /** An error refuses the key. */
  judge({ config, known, presented }: PresentedByJumpHost): DisklessError | undefined {
    const before = this.of(config);
    if (before === undefined || before.fingerprint === presented.fingerprint) return undefined;
    if (isSpokenOf({ known, presented })) return undefined;
    const host = knownHostsName(config);
    return refusal({
      code: 'jump-host-key-changed',
      message: `${jumpHostPlace(config)} presents ${showKey(presented)}, but when it was first used it was ${showKey(before)}`,
      hint:
        'someone may be standing between; compare the fingerprint on its console. If the key was changed on purpose, ' +
        `add the new one to known_hosts, whose word is final, or remove ${JSON.stringify(host)} from ${this.#options.file}`,
    });
  }

  /** Once it has proven that the key is its own. An error refuses it after all: another connection met another one. */
  believe(question: PresentedByJumpHost): DisklessError | undefined {
    const { config, known, presented } = question;
    const error = this.judge(question);
    if (error || this.#options.forgets(config)) return error;
    const isFirst = this.of(config) === undefined && !isSpokenOf({ known, presented });
    this.#options.believed.set(knownHostsName(config), presented);
    if (isFirst) this.#options.onNew(`${jumpHostPlace(config)} is used for the first time: ${showKey(presented)}`);
    return undefined;
  }
}

export function jumpHostPlace({ alias, hostname, port }: EffectiveConfig): string {
  return `jump host ${alias} (${hostname}:${port})`;
}
