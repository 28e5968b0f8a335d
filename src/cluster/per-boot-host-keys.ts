import { readBootId } from '../ssh/boot-id.js';
import { type HostKeyPolicy, judgePerBoot, newHostKeyMessage } from '../ssh/host-key.js';
import type { Connection, HostKey } from '../ssh/transport.js';

export interface BelievedHostKeysOptions {
  policy: HostKeyPolicy;
  open: (name: string, signal: AbortSignal) => Promise<Connection>;
  /** What state remembers, by node name. */
  nodeRecords: ReadonlyMap<string, { bootId: string; hostKey: HostKey }>;
  tell: (line: string) => void;
}

/**
 * Opens connections; other policies than `per-boot` have decided at each already. Under that one it is judged by the boot it leads to before it is used for anything
 * else, the first one by what is recorded. Another boot is no error here: whoever measures looks for it by himself.
 *
 * @throws refusal `host-key-changed`
 */
export function believedHostKeys({
  policy,
  open,
  nodeRecords,
  tell,
}: BelievedHostKeysOptions): BelievedHostKeysOptions['open'] {
  if (policy !== 'per-boot') return open;
  const known = new Map(nodeRecords);
  return async (name, signal) => {
    const connection = await open(name, signal);
    try {
      const bootId = await readBootId(connection, { signal });
      const { hostKey } = connection;
      const verdict = judgePerBoot({ record: known.get(name), bootId, presented: hostKey, place: name });
      if (verdict.kind === 'refused') throw verdict.error.at({ host: name });
      if (verdict.kind === 'accepted-new-boot') tell(`${name}: ${newHostKeyMessage(hostKey, verdict.previous)}`);
      known.set(name, { bootId, hostKey });
      return connection;
    } catch (error) {
      connection.end();
      throw error;
    }
  };
}
