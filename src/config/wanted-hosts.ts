import { usageError } from '../errors.js';
import type { SshTarget } from '../ssh/effective-config.js';
import { decide } from './decide.js';
import { hostsOfFlag, parseHosts } from './host-expression.js';
import type { HostEntry } from './host-item.js';
import type { LoadedConfig } from './load.js';
import { type ConfigPath, problemsError } from './problems.js';
import { type HostObject, hostDetails } from './schema.js';
import type { NodeSpec, Role } from './spec.js';

/** A host of this run's list, from the command line or the config file. */
export interface WantedHost extends Omit<NodeSpec, 'role' | 'podCidr'> {
  /** `role` of the config file. */
  role?: Role;
  /** Its entry in the config file. */
  path?: ConfigPath;
}

export interface WantedInput {
  /** `--hosts`; replaces the file's list, but what the file says about a host holds. */
  hosts?: string;
  file?: LoadedConfig;
  recorded: readonly NodeSpec[];
  /** `ssh.user` of the record; a file takes its place. */
  recordedUser?: string | undefined;
}

/** The list of this run; undefined when nobody gave one. */
export function wantedHosts({ hosts, file, recorded, recordedUser }: WantedInput): WantedHost[] | undefined {
  const fromFile = file?.config.hosts === undefined ? undefined : hostsOfFile(file);
  if (hosts === undefined) return fromFile;
  const sshUser = file ? file.config.ssh?.user : recordedUser;
  return hostsOfFlag('--hosts', hosts).map((entry) => {
    const known = fromFile?.find(({ name }) => name === entry.name) ?? fromRecord(recorded, entry.name);
    if (known === undefined) return { name: entry.name, ssh: withUser(entry.ssh, sshUser), labels: {} };
    return { ...known, ssh: entry.bare ? known.ssh : withUser(entry.ssh, sshUser) };
  });
}

function fromRecord(recorded: readonly NodeSpec[], wanted: string): WantedHost | undefined {
  const node = recorded.find(({ name }) => name === wanted);
  if (node === undefined) return undefined;
  const { role: _role, podCidr: _podCidr, ...host } = node;
  return host;
}

function hostsOfFile(file: LoadedConfig): WantedHost[] {
  const entries = file.config.hosts ?? [];
  const hosts = entries.flatMap((entry, index) => {
    const path = ['hosts', index];
    const found = typeof entry === 'string' ? parseHosts(entry).hosts.map(fromExpression) : [fromObject(entry)];
    return found.map((host) => ({ ...host, ssh: withUser(host.ssh, file.config.ssh?.user), path }));
  });
  refuseTwins(hosts, file);
  return hosts;
}

function fromExpression({ name, ssh }: HostEntry): WantedHost {
  return { name, ssh, labels: {} };
}

function fromObject({ name, address = name, user, port, role, ...details }: HostObject): WantedHost {
  const ssh = { host: address, ...(user !== undefined && { user }), ...(port !== undefined && { port }) };
  return { name, ssh, ...(role && { role }), ...decide(hostDetails, { file: details, replaces: true }) };
}

function withUser(ssh: SshTarget, user: string | undefined): SshTarget {
  return user === undefined || ssh.user !== undefined ? ssh : { ...ssh, user };
}

function refuseTwins(hosts: readonly WantedHost[], file: LoadedConfig): void {
  const twins = hosts.filter(({ name }, index) => hosts.findIndex((other) => other.name === name) < index);
  const lines = twins.map(({ name, path = [] }) => `${file.place(path)}: ${name} is named twice`);
  if (lines.length > 0) throw problemsError(lines, 'the list of hosts');
}

/** Neither a list nor a recorded cluster: the error is the tutorial. */
export function noHostsError(cluster: string, command = 'up'): Error {
  return usageError({
    code: 'no-hosts',
    message: `no hosts are given, and no cluster ${JSON.stringify(cluster)} is recorded`,
    hint: `name the machines once, e.g. \`k8s-diskless ${command} --hosts s4,s5,s6\`, or list them in a file for --config; later runs know them`,
  });
}
