import type { BootEvent, BootEventBody, BootStage, Client } from '../../src/boot/server/boot-events.js';

/* A morning in the lab: s4 boots, s5 hangs after its kernel, s6 is off, a stranger asks, s4's cable is pulled. */

const s4 = { address: '10.0.0.4', host: 's4', mac: '52:54:00:00:00:04' };
const s5 = { address: '10.0.0.5', host: 's5', mac: '52:54:00:00:00:05' };
const stranger = { address: '10.0.0.99', mac: '52:54:00:00:00:99' };
const FILES: Record<BootStage, [file: string, bytes: number]> = {
  entry: ['boot.ipxe', 500],
  script: ['mac.ipxe', 700],
  kernel: ['images/flatcar/vmlinuz', 58_000_000],
  initrd: ['images/flatcar/initrd.cpio.gz', 430_000_000],
  rootfs: ['images/fcos/rootfs.img', 900_000_000],
  ignition: ['node.ign', 2_500],
};

let id = 0;
const transfer = (client: Client, stage: BootStage) => ({ id: ++id, ...client, stage, file: FILES[stage][0] });

function fetched(client: Client, stage: BootStage, durationMs: number): BootEventBody[] {
  const [, bytes] = FILES[stage];
  const common = transfer(client, stage);
  return [
    { type: 'transfer-started', ...common, bytes },
    { type: 'transfer-finished', ...common, status: 200, sent: bytes, bytes, durationMs, outcome: 'done' },
  ];
}

function broken(client: Client, stage: BootStage, outcome: 'aborted' | 'stalled' | 'failed'): BootEventBody[] {
  const [, bytes] = FILES[stage];
  const common = transfer(client, stage);
  const reason = outcome === 'failed' ? { reason: 'images/flatcar/vmlinuz has changed on disk' } : {};
  return [
    { type: 'transfer-started', ...common, bytes },
    {
      type: 'transfer-finished',
      ...common,
      status: outcome === 'failed' ? 500 : 200,
      sent: outcome === 'failed' ? 0 : Math.floor(bytes / 3),
      bytes,
      durationMs: 61_000,
      outcome,
      ...reason,
    },
  ];
}

export const SERVING: BootEventBody = {
  type: 'serving',
  url: 'http://10.0.0.1:8080',
  listen: '10.0.0.1:8080',
  os: 'Flatcar Container Linux 4593.2.5',
  trust: 'signature',
  files: [
    { name: 'boot.ipxe', bytes: 500 },
    { name: 'images/flatcar/vmlinuz', bytes: 58_000_000 },
    { name: 'images/flatcar/initrd.cpio.gz', bytes: 430_000_000 },
  ],
  stages: ['entry', 'script', 'kernel', 'initrd', 'ignition'],
  hosts: ['s4', 's5', 's6'],
};

const STAGES: BootStage[] = ['script', 'kernel', 'initrd', 'ignition'];

/** One event every second. */
export function morning(): BootEvent[] {
  id = 0;
  const bodies: BootEventBody[] = [
    SERVING,
    ...fetched({ address: s4.address }, 'entry', 2),
    ...STAGES.flatMap((stage) => fetched(s4, stage, 900)),
    ...fetched({ address: s5.address }, 'entry', 2),
    ...fetched(s5, 'script', 2),
    ...fetched(s5, 'kernel', 700),
    ...broken(s5, 'initrd', 'stalled'),
    ...fetched({ address: stranger.address }, 'entry', 2),
    { type: 'unknown-machine', ...stranger },
    ...fetched(stranger, 'script', 2),
    { type: 'request-refused', address: '10.0.0.50', status: 404, path: '/wp-login.php\u001b[2J' },
    { type: 'request-refused', ...s5, status: 405, path: '/boot.ipxe' },
    ...fetched(s4, 'script', 1),
    ...broken(s4, 'kernel', 'failed'),
    ...fetched(s4, 'script', 1),
    ...broken(s4, 'kernel', 'aborted'),
    {
      type: 'transfer-finished',
      ...transfer(s4, 'kernel'),
      status: 304,
      sent: 0,
      bytes: 0,
      durationMs: 1,
      outcome: 'done',
    },
    { type: 'transfer-started', ...transfer(s5, 'initrd'), bytes: 430_000_000 },
    { type: 'transfer-progress', ...transfer(s5, 'initrd'), sent: 185_000_000, bytes: 430_000_000 },
    { type: 'stopping', transfers: 1 },
    { type: 'stopped', requests: 19, sent: 1_000_000_000 },
  ];
  return bodies.map((body, second) => stamped(body, second));
}

export function stamped(body: BootEventBody, second: number): BootEvent {
  return { v: 1, ms: second * 1000, time: new Date(2026, 10, 20, 8, 0, second).toISOString(), ...body };
}
