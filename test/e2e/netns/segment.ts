import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** One network namespace with a single interface `eth0` on the segment. */
export interface Station {
  name: string;
  address: string;
  /** Runs a command inside and gives its standard output; rejects when it fails. */
  exec(command: string, ...args: string[]): Promise<string>;
  /** Starts a command inside that is stopped with the segment. */
  start(command: string, args: string[], env?: NodeJS.ProcessEnv): Running;
  /** Pulls the plug, or puts it back. */
  link(state: 'up' | 'down'): Promise<void>;
}

export interface Running {
  /** Resolves with the first line of standard output that matches, including lines already printed. */
  line(pattern: RegExp): Promise<string>;
  stop(): Promise<void>;
}

const PREFIX = 'kdt';

/** Namespaces of segments whose test was killed: nobody else will. */
async function removeAbandoned(): Promise<void> {
  const { stdout } = await run('ip', ['netns', 'list']);
  for (const [name, pid = ''] of stdout.matchAll(new RegExp(`^${PREFIX}(\\d+)x\\S+`, 'gm'))) {
    if (existsSync(`/proc/${pid}`)) continue;
    for (const left of (await run('ip', ['netns', 'pids', name])).stdout.split('\n').filter(Boolean))
      process.kill(Number(left), 'SIGKILL');
    await run('ip', ['netns', 'delete', name]);
  }
}

/** A switch with stations, all in throw-away namespaces: no packet leaves them. Needs root. */
export class Segment {
  private static count = 0;
  private readonly id = `${PREFIX}${process.pid}x${Segment.count++}`;
  private readonly running = new Set<ChildProcess>();
  private readonly namespaces: string[] = [];

  static async create(): Promise<Segment> {
    await removeAbandoned();
    const segment = new Segment();
    await segment.namespace('sw');
    await run('ip', ['-n', `${segment.id}-sw`, 'link', 'add', 'br0', 'up', 'type', 'bridge']);
    return segment;
  }

  /** `address` with prefix length, e.g. `10.0.0.4/24`. */
  async station(name: string, address: string): Promise<Station> {
    const ns = await this.namespace(name);
    const sw = `${this.id}-sw`;
    await run('ip', ['-n', ns, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', name, 'netns', sw]);
    await run('ip', ['-n', sw, 'link', 'set', name, 'master', 'br0', 'up']);
    return this.plug(name, ns, address, sw);
  }

  /** A pod as the CNI bridge plugin attaches it: behind bridge cni0 of the station, which has the gateway's address. */
  async pod(node: Station, name: string, address: string, gateway: string): Promise<Station> {
    const ns = await this.namespace(name);
    const host = `${this.id}-${node.name}`;
    if (!(await node.exec('ip', '-brief', 'link')).includes('cni0')) {
      await node.exec('ip', 'link', 'add', 'cni0', 'type', 'bridge');
      await node.exec('ip', 'address', 'add', gateway, 'dev', 'cni0');
      await node.exec('ip', 'link', 'set', 'cni0', 'up');
    }
    await run('ip', ['-n', ns, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', `veth${name}`, 'netns', host]);
    await run('ip', ['-n', host, 'link', 'set', `veth${name}`, 'master', 'cni0', 'up']);
    const pod = await this.plug(name, ns, address, host);
    await pod.exec('ip', 'route', 'add', 'default', 'via', gateway.replace(/\/.*/, ''));
    return pod;
  }

  private async plug(name: string, ns: string, address: string, other: string): Promise<Station> {
    await run('ip', ['-n', ns, 'address', 'add', address, 'dev', 'eth0']);
    await run('ip', ['-n', ns, 'link', 'set', 'eth0', 'up']);
    return {
      name,
      address: address.replace(/\/.*/, ''),
      exec: async (command, ...args) => (await run('ip', ['netns', 'exec', ns, command, ...args])).stdout,
      start: (command, args, env) => this.start(['netns', 'exec', ns, command, ...args], env),
      link: async (state) => {
        await run('ip', ['-n', other, 'link', 'set', name, state]);
      },
    };
  }

  async remove(): Promise<void> {
    await Promise.all([...this.running].map(stop));
    for (const name of this.namespaces) await run('ip', ['netns', 'delete', name]);
  }

  private async namespace(name: string): Promise<string> {
    const ns = `${this.id}-${name}`;
    await run('ip', ['netns', 'add', ns]);
    this.namespaces.push(ns);
    await run('ip', ['-n', ns, 'link', 'set', 'lo', 'up']);
    return ns;
  }

  private start(args: string[], env: NodeJS.ProcessEnv = {}): Running {
    const child = spawn('ip', args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    this.running.add(child);
    const lines: string[] = [];
    const changed = new EventEmitter().setMaxListeners(0);
    let ended = false;
    createInterface({ input: child.stdout })
      .on('line', (line) => changed.emit('change', lines.push(line)))
      .on('close', () => {
        ended = true;
        changed.emit('change');
      });
    return {
      line: async (pattern) => {
        for (;;) {
          const line = lines.find((each) => pattern.test(each));
          if (line !== undefined) return line;
          if (ended) throw new Error(`${args.join(' ')} ended before it printed ${pattern}`);
          await once(changed, 'change');
        }
      },
      stop: () => {
        this.running.delete(child);
        return stop(child);
      },
    };
  }
}

/** Stops a process group of ours and waits for its end. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = once(child, 'exit');
  process.kill(-child.pid, 'SIGKILL');
  await ended;
}
