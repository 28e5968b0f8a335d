import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { MANAGED_UNITS } from '../../../src/components/roster.js';
import { factsScript } from '../../../src/facts/script.js';
import { markText, type OperatorMark } from '../../../src/node/operator-mark.js';
import { type FakeSshd, startFakeSshd } from '../fake-sshd.js';
import type { ExecHandler } from '../fake-sshd-exec.js';
import { ByteReader } from './byte-reader.js';
import { type Delivery, receive } from './fake-receiver.js';

export interface FakeNodeOptions {
  name: string;
  address: string;
  /** OpenSSH lines. */
  userKeys: string[];
  /** false: files come as gzip, and the rendered ones are verified one by one. */
  zstd: boolean;
}

/** A blank node behind an SSH server of its own: it answers the facts script, and receives and replaces files. */
export interface FakeNode {
  name: string;
  sshd: FakeSshd;
  /** A member of etcd that it says to run. */
  etcd?: EtcdMarker | undefined;
  /** Whoever sent files last; is told where files are. */
  operator?: OperatorMark | undefined;
  /** One per stream received, in their order. */
  deliveries: Delivery[];
  /** Units that run, with the fingerprint each was started with: then it also holds the files that it received. */
  units?: Record<string, string> | undefined;
}

interface EtcdMarker {
  clusterId: string;
  incarnation: number;
}

const USER = 'core';
const FACTS = readFileSync(new URL('blank-node-facts.txt', import.meta.url), 'utf8');
const TOOLS = 'tar gzip curl ip nft iptables ipset conntrack modprobe restorecon sha256sum ctr systemctl'.split(' ');

export async function startFakeNode(options: FakeNodeOptions): Promise<FakeNode> {
  const deliveries: Delivery[] = [];
  const exec = asRoot(async (command, { stdin, stdout, stderr }) => {
    const [, clusterId, incarnation, generation, id = ''] =
      / receive-files ([0-9a-f]+) (\d+) (\d+) ([0-9a-f]+) /.exec(command) ?? [];
    if (clusterId !== undefined) {
      const operator = { id, generation: Number(generation) };
      const delivery = { clusterId, incarnation: Number(incarnation), operator, segments: new Map(), removed: [] };
      node.operator = operator;
      deliveries.push(delivery);
      return receive(stdin, stdout, delivery);
    }
    const script = await new ByteReader(stdin).text();
    const [, replaced] = / replace-file '?(\/[\w./-]+)'?/.exec(command) ?? [];
    if (replaced !== undefined) {
      const files = deliveries.flatMap(({ segments }) => [...segments.values()].flat());
      const sha256 = createHash('sha256').update(script).digest('hex');
      for (const file of files) if (file.path === replaced) file.sha256 = sha256;
      return 0;
    }
    const asked = factsScript(MANAGED_UNITS);
    if (script !== asked.input || !command.includes(asked.command)) {
      stderr.write(`a fake node knows no such command: ${command.slice(-200)}\n`);
      return 127;
    }
    const facts = withInstalled(blankNodeFacts(options), node);
    stdout.write(node.etcd ? withEtcd(facts, node.etcd) : facts);
    return 0;
  });
  const asUser: ExecHandler = (given) => {
    if (given.command !== 'cat /proc/sys/kernel/random/boot_id') return exec(given);
    given.stdout.write(`${bootIdOf(options.name)}\n`);
    return 0;
  };
  const sshd = await startFakeSshd({ users: { [USER]: options.userKeys }, exec: asUser });
  const node: FakeNode = { name: options.name, sshd, deliveries };
  return node;
}

/** In the words of the marker below /run. */
function withInstalled(facts: string, { units, operator, deliveries: [delivery] }: FakeNode): string {
  if (units === undefined || delivery === undefined) return facts;
  const files = [...delivery.segments.values()].flat();
  const mode = (bits: number): string => bits.toString(8);
  const sections = {
    cluster: [`${delivery.clusterId} ${delivery.incarnation}`],
    operator: operator ? [markText(operator)] : [],
    files: files.map(({ sha256, mode: bits, path }) => `${sha256} ${mode(bits)} 1:2:3:4 - ${path}`),
    units: Object.entries(units).map(([unit, fingerprint]) => `${unit} ${fingerprint}`),
  };
  const stat = ['@@marker-stat', ...files.map(({ mode: bits, path }) => `${mode(bits)} 1:2:3:4 ${path}`), ''].join(
    '\n',
  );
  const marked = Object.entries(sections).reduce(
    (text, [name, rows]) => text.replace(`@@marker-${name}\n`, `@@marker-${name}\n${rows.join('\n')}\n`),
    facts,
  );
  const running = Object.keys(units).reduce(
    (text, unit) => text.replace(`Id=${unit}\nActiveState=inactive`, `Id=${unit}\nActiveState=active`),
    marked,
  );
  return running.replace('@@marker-units\n', `${stat}@@marker-units\n`);
}

function withEtcd(facts: string, { clusterId, incarnation }: EtcdMarker): string {
  return facts
    .replace(/(Id=etcd\.service\nActiveState=)\w+(\nSubState=)dead/, '$1active$2running')
    .replace('@@etcd-data\n', '@@etcd-data\npresent\n')
    .replace('@@etcd-marker\n', `@@etcd-marker\n${clusterId} ${incarnation}\n`);
}

type RootHandler = (command: string, exec: Parameters<ExecHandler>[0]) => Promise<number>;

/** Says, as the wrapper of src/ssh/become-root.ts does, that the command was begun. */
function asRoot(handler: RootHandler): ExecHandler {
  return (exec) => {
    const [, mark] = / become-root (k8s-diskless-[0-9a-f]{16}) /.exec(exec.command) ?? [];
    if (mark === undefined) return 126;
    exec.stderr.write(`${mark} started\n`);
    return handler(exec.command, exec);
  };
}

/** What the facts script prints on a blank node. */
export function blankNodeFacts({ name, address, zstd }: Pick<FakeNodeOptions, 'name' | 'address' | 'zstd'>): string {
  const id = idOf(name);
  const values: Record<string, string> = {
    name,
    address,
    machineId: id,
    bootId: bootIdOf(name),
    tools: [...TOOLS, ...(zstd ? ['zstd'] : [])].join('\n'),
    now: (Date.now() / 1000).toFixed(9),
  };
  return FACTS.replace(/\{\{(\w+)\}\}/g, (_, key: string) => values[key] ?? '');
}

const idOf = (name: string): string => createHash('sha256').update(name).digest('hex').slice(0, 32);
const bootIdOf = (name: string): string => idOf(name).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
