import { DisklessError } from '../errors.js';
import type { AddressFact, EtcdDataFact, MountFact, NodeFacts, RouteFact, UnitFact } from './facts.js';
import { parseMachine } from './parse-machine.js';
import { parseMarker } from './parse-marker.js';

/** Linux capability numbers, include/uapi/linux/capability.h. */
const CAP_SYS_RESOURCE = 24n;
const CAP_SYS_TIME = 25n;

export interface ParseFactsOptions {
  host: string;
  /** stdout of the facts script. */
  output: string;
  /** Operator's wall clock at the middle of the script's run, milliseconds since the epoch. */
  operatorClockMs: number;
}

type Sections = ReadonlyMap<string, string>;

/** Turns the facts script's output into a typed value; output that is not ours is an error, never a guess. */
export function parseFacts(options: ParseFactsOptions): NodeFacts {
  const sections = split(options.output);
  if (!sections.has('finished') || text(sections, 'boot-id') === '') {
    throw new DisklessError({
      code: 'facts-unreadable',
      host: options.host,
      message: 'the node did not answer the facts script completely',
      hint: 'check that /bin/bash works on the node and that its root filesystem is not full',
      detail: options.output.slice(-500),
    });
  }
  const [hostname = '', kernel = '', arch = ''] = text(sections, 'uname').split(' ');
  const osRelease = parseOsRelease(text(sections, 'os-release'));
  const memory = parseMeminfo(text(sections, 'meminfo'));
  const [resolvConf, ...resolvLines] = lines(sections, 'resolv');
  const capabilities = BigInt(`0x${text(sections, 'capabilities') || '0'}`);
  const tools = new Set(lines(sections, 'tools'));
  const units = parseUnits(text(sections, 'units'));
  const sshAddress = text(sections, 'ssh').split(' ')[2];
  const marker = parseMarker(sections);
  const addresses = parseAddresses(lines(sections, 'addresses'));
  return {
    bootId: text(sections, 'boot-id'),
    machineId: text(sections, 'machine-id'),
    machine: parseMachine({
      cards: lines(sections, 'cards'),
      links: lines(sections, 'links'),
      uuid: text(sections, 'machine-uuid'),
      reached: addresses.find(({ address }) => address === sshAddress)?.link,
    }),
    hostname,
    os: osRelease,
    arch,
    kernel,
    memTotalBytes: memory.MemTotal ?? 0,
    memAvailableBytes: memory.MemAvailable ?? 0,
    mounts: parseMounts(lines(sections, 'disk'), text(sections, 'mountinfo')),
    addresses,
    links: parseLinks(lines(sections, 'links')),
    routes: parseRoutes(lines(sections, 'routes')),
    ...(sshAddress && { sshAddress }),
    nameservers: resolvLines.flatMap((line) => /^nameserver\s+(\S+)/.exec(line)?.[1] ?? []),
    ...(resolvConf !== undefined && { resolvConf }),
    clockSkewMs: Math.round(nodeClockMs(sections) - options.operatorClockMs),
    clockSynchronized: text(sections, 'synchronized') === 'yes',
    cgroupVersion: text(sections, 'cgroup') === 'cgroup2fs' ? 2 : 1,
    selinux: ({ '0': 'permissive', '1': 'enforcing' } as const)[text(sections, 'selinux')] ?? 'disabled',
    capabilities: { sysResource: hasBit(capabilities, CAP_SYS_RESOURCE), sysTime: hasBit(capabilities, CAP_SYS_TIME) },
    canSetConntrack: text(sections, 'conntrack') === 'yes',
    tools: Object.fromEntries([...tools].map((tool) => [tool, true])),
    ...parseXtables(text(sections, 'xtables')),
    containerd: {
      present: text(sections, 'containerd-version') !== '',
      version: /\bv?(\d+\.\d+\.\d+)/.exec(text(sections, 'containerd-version'))?.[1] ?? '',
      active: units['containerd.service']?.active === 'active',
      ...(sections.has('images-listed') && { images: lines(sections, 'images') }),
    },
    etcdData: { ...parseEtcdData(lines(sections, 'etcd-data')), ...parseEtcdMarker(text(sections, 'etcd-marker')) },
    ...(marker && { marker }),
    units,
    listeners: parseListeners(lines(sections, 'listeners')),
    swap: lines(sections, 'swaps').length > 1,
    kernelDifferences: lines(sections, 'kernel-differences'),
    ...parseRepairs(lines(sections, 'kernel-repairs')),
    features: featuresOf(lines(sections, 'features'), text(sections, 'filesystems')),
  };
}

/** A count, then the last of them: seconds since the epoch, and a sentence. */
function parseRepairs([count = '', last = '']: string[]): Pick<NodeFacts, 'kernelRepairs'> {
  const [, seconds, what = ''] = /^(\d+) (.+)/.exec(last) ?? [];
  if (seconds === undefined) return {};
  return { kernelRepairs: { count: Number(count), last: { at: new Date(Number(seconds) * 1000), what } } };
}

function split(output: string): Sections {
  const sections = new Map<string, string>();
  for (const chunk of output.split(/^@@/m).slice(1)) {
    const end = chunk.indexOf('\n');
    sections.set(chunk.slice(0, end), chunk.slice(end + 1).trim());
  }
  return sections;
}

const text = (sections: Sections, name: string): string => sections.get(name) ?? '';
const lines = (sections: Sections, name: string): string[] => text(sections, name).split('\n').filter(Boolean);
const hasBit = (set: bigint, bit: bigint): boolean => ((set >> bit) & 1n) === 1n;

function nodeClockMs(sections: Sections): number {
  const started = Number(text(sections, 'started'));
  const finished = Number(text(sections, 'finished'));
  return ((started + finished) / 2) * 1000;
}

function parseOsRelease(body: string): NodeFacts['os'] {
  const values = Object.fromEntries(
    [...body.matchAll(/^([A-Z_]+)=["']?(.*?)["']?$/gm)].map(([, key = '', value = '']) => [key, value]),
  );
  const { ID = '', VERSION_ID = '', PRETTY_NAME = '', VARIANT_ID = '' } = values;
  return { id: ID, versionId: VERSION_ID, name: PRETTY_NAME, variantId: VARIANT_ID };
}

function parseMeminfo(body: string): Record<string, number> {
  return Object.fromEntries(
    [...body.matchAll(/^(\w+):\s+(\d+) kB$/gm)].map(([, key = '', kib]) => [key, Number(kib) * 1024]),
  );
}

function parseMounts(rows: string[], mountinfo: string): Record<string, MountFact> {
  const readOnly = new Map<string, boolean>();
  const noExec = new Map<string, boolean>();
  for (const line of mountinfo.split('\n')) {
    const fields = line.split(' ');
    const superOptions = fields.at(-1)?.split(',') ?? [];
    const options = fields[5]?.split(',') ?? [];
    readOnly.set(fields[4] ?? '', options.includes('ro') || superOptions.includes('ro'));
    noExec.set(fields[4] ?? '', options.includes('noexec'));
  }
  const mounts: Record<string, MountFact> = {};
  for (const row of rows) {
    const [wanted = '', target = '', fstype = '', size, available, inodes, inodesFree] = row.split(/\s+/);
    mounts[wanted] = {
      path: target,
      fstype,
      readOnly: readOnly.get(target) ?? false,
      noExec: noExec.get(target) ?? false,
      sizeBytes: Number(size) || 0,
      availableBytes: Number(available) || 0,
      inodes: Number(inodes) || 0,
      inodesFree: Number(inodesFree) || 0,
    };
  }
  return mounts;
}

function parseAddresses(rows: string[]): AddressFact[] {
  return rows.flatMap((row) => {
    const match = /^\d+:\s+(\S+)\s+(inet6?)\s+([0-9a-fA-F:.]+)(?:\s+peer\s+\S+?)?(?:\/(\d+))?\s/.exec(row);
    if (!match) return [];
    const [, link = '', family, address = '', prefix] = match;
    const bits = family === 'inet' ? 32 : 128;
    return [{ link, address, prefix: prefix === undefined ? bits : Number(prefix), family: family === 'inet' ? 4 : 6 }];
  });
}

function parseLinks(rows: string[]): NodeFacts['links'] {
  return rows.flatMap((row) => {
    const match = /^\d+:\s+([^:@\s]+)(?:@\S+)?:\s.*?\bmtu (\d+)/.exec(row);
    return match ? [{ name: match[1] ?? '', mtu: Number(match[2]) }] : [];
  });
}

function parseRoutes(rows: string[]): RouteFact[] {
  return rows.flatMap((row) => {
    const [first = ''] = row.split(' ');
    const link = /\bdev (\S+)/.exec(row)?.[1];
    if (link === undefined || !/^(default|[\d.]+(\/\d+)?)$/.test(first)) return [];
    const via = /\bvia (\S+)/.exec(row)?.[1];
    const destination = first === 'default' || first.includes('/') ? first : `${first}/32`;
    return [{ destination, link, ...(via && { via }) }];
  });
}

function parseUnits(body: string): Record<string, UnitFact> {
  const units: Record<string, UnitFact> = {};
  for (const block of body.split(/\n\s*\n/)) {
    const fields = Object.fromEntries(
      [...block.matchAll(/^(\w+)=(.*)$/gm)].map(([, key = '', value = '']) => [key, value]),
    );
    if (fields.Id) {
      const { Id: name, LoadState, ActiveState: active = '', SubState: sub = '' } = fields;
      units[name] = { name, active, sub, masked: LoadState === 'masked' };
    }
  }
  return units;
}

function parseListeners(rows: string[]): NodeFacts['listeners'] {
  const seen = new Map<number, string>();
  for (const row of rows) {
    const port = Number(/\S+\s+\d+\s+\d+\s+\S*:(\d+)\s/.exec(row)?.[1]);
    if (port) seen.set(port, /users:\(\("([^"]*)"/.exec(row)?.[1] ?? '');
  }
  return [...seen].map(([port, process]) => ({ port, process }));
}

/** `present`, and what `du` says of it. */
function parseEtcdData([present, size = '', written = '']: readonly string[]): Pick<
  EtcdDataFact,
  'present' | 'bytes' | 'writtenAt'
> {
  const bytes = Number.parseInt(size, 10);
  const seconds = Number.parseInt(written, 10);
  return {
    present: present === 'present',
    ...(bytes > 0 && { bytes }),
    ...(seconds > 0 && { writtenAt: new Date(seconds * 1000) }),
  };
}

/** `cluster incarnation role token`; earlier releases wrote the first two. */
function parseEtcdMarker(marker: string): Omit<EtcdDataFact, 'present'> {
  if (marker === '') return {};
  const [clusterId, incarnation, role, token, phase, memberId] = marker.split(/\s+/);
  if (!clusterId || !incarnation || !/^\d+$/.test(incarnation)) return { marker };
  return {
    marker,
    clusterId,
    incarnation: Number(incarnation),
    ...((role === 'voter' || role === 'learner') && { role }),
    ...(token !== undefined && { token }),
    ...((phase === 'begun' || phase === 'open') && { open: phase === 'open' }),
    ...(memberId !== undefined && { memberId }),
  };
}

function parseXtables(told: string): Pick<NodeFacts, 'xtablesFail'> {
  const why = /^refused: (.*)/s.exec(told)?.[1];
  return why === undefined ? {} : { xtablesFail: why.replaceAll(/\s+/g, ' ').trim() };
}

function featuresOf(names: string[], filesystems: string): Record<string, boolean> {
  const features = Object.fromEntries(names.map((name) => [name, true]));
  if (/\boverlay$/m.test(filesystems)) features.overlay = true;
  return features;
}
