import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { MachineLab } from '../../lab/machines/machine-lab.js';
import type { BootEvent } from '../../src/boot/server/boot-events.js';
import type { RunEvent } from '../../src/runner/events.js';

/** One stretch of a boot; each begins where the one before ended. Milliseconds since power-on. */
export interface Stage {
  stage: string;
  beganMs: number;
  endedMs: number;
}

/** Ends with a login. */
export const SSH = 'systemd, sshd';
/** Ends when the node is Ready in this boot. */
export const READY = 'up: kubelet, Ready';

/** What ends each stage, in their order: a line of one of the logs, or an event of `up`. */
const STAGES: readonly { stage: string; endsWith: Mark }[] = [
  { stage: 'firmware', endsWith: 'DHCPDISCOVER' },
  { stage: 'iPXE: DHCP', endsWith: 'entry transfer-started' },
  { stage: 'iPXE: scripts', endsWith: 'kernel transfer-started' },
  { stage: 'iPXE: kernel', endsWith: 'kernel transfer-finished' },
  { stage: 'iPXE: initrd', endsWith: 'initrd transfer-finished' },
  { stage: 'kernel', endsWith: 'initrd: root file system' },
  { stage: 'initrd: root, DHCP', endsWith: 'ignition transfer-finished' },
  { stage: 'Ignition', endsWith: 'initrd: done' },
  { stage: SSH, endsWith: 'step connect' },
  { stage: 'up: facts, plan', endsWith: 'step judge' },
  { stage: 'up: etcd', endsWith: 'step quorum' },
  { stage: 'up: kube-apiserver', endsWith: 'step apiserver' },
  { stage: READY, endsWith: 'step ready' },
  { stage: 'up: verified', endsWith: 'run-finished' },
];

type Mark = string;

/** Notes when something is seen first; what a boot's logs say is read as they grow. */
export interface BootMarks {
  /** Adds what `up` has told of itself, and takes the boot apart. */
  stages(events: readonly RunEvent[]): Stage[];
  stop(): void;
}

export function followBoot(lab: MachineLab, machine: string): BootMarks {
  const began = Date.now();
  const seen = new Map<Mark, number>();
  const note = (mark: Mark, at: number): void => {
    if (!seen.has(mark)) seen.set(mark, at - began);
  };
  const tails = [
    follow(lab.boot.dnsmasqLog, (line) => {
      if (line.includes('DHCPDISCOVER')) note('DHCPDISCOVER', Date.now());
    }),
    follow(lab.boot.served, (line) => {
      const event = JSON.parse(line) as BootEvent;
      if ('stage' in event) note(`${event.stage} ${event.type}`, Date.parse(event.time));
    }),
    follow(lab.consoleFile(machine), (line) => {
      const [mark] = /initrd: (root file system|done)/.exec(line) ?? [];
      if (mark !== undefined) note(mark, Date.now());
    }),
  ];
  return {
    stages(events) {
      for (const event of events) {
        const at = Date.parse(event.time);
        if (event.type === 'step-finished') note(`step ${event.step}`, at);
        if (event.type === 'run-finished') note(event.type, at);
      }
      let beganMs = 0;
      return STAGES.map(({ stage, endsWith }) => {
        const endedMs = seen.get(endsWith);
        if (endedMs === undefined) throw new Error(`the boot of ${machine} has not shown: ${endsWith}`);
        const took = { stage, beganMs, endedMs };
        beganMs = endedMs;
        return took;
      });
    },
    stop: () => tails.forEach((stop) => void stop()),
  };
}

/** Lines that a file gets from now on, also when it does not exist yet. */
function follow(file: string, onLine: (line: string) => void): () => void {
  const tail = spawn('tail', ['-n', '0', '-F', file], { stdio: ['ignore', 'pipe', 'ignore'] });
  createInterface({ input: tail.stdout }).on('line', onLine);
  return () => tail.kill();
}
