import type { SshTarget } from '../ssh/effective-config.js';
import { type ExpressionProblem, expandRanges } from './host-range.js';
import { isAddress, nodeNameProblem, sshHostProblem, sshUserProblem } from './names.js';

/** One host of an expression. */
export interface HostEntry {
  name: string;
  ssh: SshTarget;
  /** Only a name was given: no address, user or port. */
  bare: boolean;
  /** Where it stands in the expression, counted from 0. */
  position: number;
}

/** The text of one host, or range of hosts, and where it begins in the expression. */
export interface HostItem {
  text: string;
  position: number;
}

/** A target taken apart: the host may still hold ranges. */
interface Target {
  host: string;
  hostPosition: number;
  /** Written in brackets, which are not a range then. */
  ipv6: boolean;
  user?: string;
  port?: number;
}

export type Parsed<T> = T | ExpressionProblem;

export const isProblem = <T extends object>(parsed: Parsed<T>): parsed is ExpressionProblem => 'message' in parsed;

/** Reads `[name=][user@]host[:port]`, ranges expanded. */
export function parseHostItem({ text, position }: HostItem): Parsed<HostEntry[]> {
  if (text === '') return { position, message: 'a host is missing here' };
  const space = text.search(/\s/);
  if (space >= 0)
    return { position: position + space, message: 'white space inside a host; hosts are separated by ","' };
  const equals = text.indexOf('=');
  const target = parseTarget(text.slice(equals + 1), position + equals + 1);
  if (isProblem(target)) return target;
  const hosts = target.ipv6 ? { texts: [target.host] } : expandRanges(target.host, target.hostPosition);
  if ('problem' in hosts) return hosts.problem;
  const names = equals < 0 ? hosts : expandRanges(text.slice(0, equals), position);
  if ('problem' in names) return names.problem;
  if (names.texts.length !== hosts.texts.length) {
    return { position, message: `names and hosts differ in number: ${names.texts.length} and ${hosts.texts.length}` };
  }
  const bare = equals < 0 && target.user === undefined && target.port === undefined;
  return combine({ names: names.texts, hosts: hosts.texts, target, bare, position });
}

function parseTarget(text: string, position: number): Parsed<Target> {
  const at = text.lastIndexOf('@');
  const user = at < 0 ? undefined : text.slice(0, at);
  const problem = user === undefined ? undefined : sshUserProblem(user);
  if (problem !== undefined) return { position, message: problem };
  const target = parseHostAndPort(text.slice(at + 1), position + at + 1);
  return isProblem(target) || user === undefined ? target : { ...target, user };
}

function parseHostAndPort(text: string, hostPosition: number): Parsed<Target> {
  const [whole, ipv6] = /^\[([^\]]*:[^\]]*)\](?=:|$)/.exec(text) ?? [];
  if (whole === undefined && text.split(':').length > 2) {
    return { position: hostPosition, message: 'an IPv6 address stands in brackets', hint: `write [${text}]` };
  }
  const host = ipv6 ?? text.replace(/:.*$/, '');
  const rest = text.slice(whole?.length ?? host.length);
  const target = { host, hostPosition, ipv6: ipv6 !== undefined };
  if (rest === '') return target;
  const port = Number(rest.slice(1));
  if (/^:\d{1,5}$/.test(rest) && port >= 1 && port <= 65535) return { ...target, port };
  const position = hostPosition + text.length - rest.length + 1;
  return { position, message: `${JSON.stringify(rest.slice(1))} is not a port from 1 to 65535` };
}

interface Combination {
  names: readonly string[];
  hosts: readonly string[];
  target: Target;
  bare: boolean;
  position: number;
}

function combine({ names, hosts, target, bare, position }: Combination): Parsed<HostEntry[]> {
  const { user, port, hostPosition } = target;
  const entries: HostEntry[] = [];
  for (const [index, host] of hosts.entries()) {
    const hostProblem = sshHostProblem(host);
    if (hostProblem !== undefined) return { position: hostPosition, message: hostProblem };
    const name = names[index] ?? host;
    const nameProblem = nodeNameProblem(name);
    if (nameProblem !== undefined) return { position, message: nameProblem, hint: nameHint({ name, host, target }) };
    const ssh: SshTarget = { host, ...(user !== undefined && { user }), ...(port !== undefined && { port }) };
    entries.push({ name, ssh, bare, position });
  }
  return entries;
}

/** Shows the same host with a name that would do. */
function nameHint({ name, host, target }: { name: string; host: string; target: Target }): string {
  const lower = name.toLowerCase();
  const proposal = isAddress(name) || nodeNameProblem(lower) !== undefined ? 's4' : lower;
  const user = target.user === undefined ? '' : `${target.user}@`;
  const port = target.port === undefined ? '' : `:${target.port}`;
  return `give it one: ${proposal}=${user}${target.ipv6 ? `[${host}]` : host}${port}`;
}
