import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newKeyPair } from '../key-files.js';
import { type FakeNode, startFakeNode } from './fake-node.js';

export interface FleetOptions {
  count: number;
  /** Default: n1, n2, … */
  names?: readonly string[];
  zstd: boolean;
  /** Where the user's key and the ssh_config go. */
  directory: string;
}

/** Blank nodes in this process, and the ssh_config that leads to them. */
export interface Fleet {
  nodes: FakeNode[];
  sshConfig: string;
  close(): Promise<void>;
}

export async function startFleet({ count, names, zstd, directory }: FleetOptions): Promise<Fleet> {
  const user = newKeyPair();
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  const nodes = await Promise.all(
    numbers.map((number) =>
      startFakeNode({
        name: names?.[number - 1] ?? `n${number}`,
        address: addressOf(number),
        userKeys: [user.public],
        zstd,
      }),
    ),
  );
  return {
    nodes,
    sshConfig: writeSshConfig(directory, user.private, nodes),
    close: async () => void (await Promise.all(nodes.map(({ sshd }) => sshd.close()))),
  };
}

/** In 10.146.0.0/16, away from its gateway. */
function addressOf(number: number): string {
  return `10.146.${1 + Math.floor(number / 250)}.${1 + (number % 250)}`;
}

function writeSshConfig(directory: string, privateKey: string, nodes: readonly FakeNode[]): string {
  const key = join(directory, 'id');
  writeFileSync(key, privateKey, { mode: 0o600 });
  const hosts = nodes.map(({ name, sshd }) => `Host ${name}\n  HostName ${sshd.host}\n  Port ${sshd.port}\n`);
  const all = `Host *\n  User core\n  IdentityFile ${key}\n  IdentityAgent none\n  UserKnownHostsFile none\n`;
  const path = join(directory, 'ssh_config');
  writeFileSync(path, [...hosts, all].join('\n'));
  return path;
}
