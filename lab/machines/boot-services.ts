import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DisklessError } from '../../src/errors.js';
import { PROGRAM } from '../../test/helpers/program.js';
import { runCommand } from '../build/run-command.js';
import { cgroupOf } from '../nodes/naming.js';
import { bridgeOf, switchOf } from '../nodes/plumbing.js';
import { kill, processesByCgroup, readOptional } from '../nodes/process-table.js';
import { runScript } from '../nodes/switch.js';
import { until } from '../nodes/until.js';
import { bootPaths, dhcpAddress, writeBootConfig } from './boot-config.js';
import type { MachinesRecord } from './machine-record.js';

const START_TIMEOUT = 30_000;
/** None of them can name a node. */
const SERVICES = { dnsmasq: 'switch', serve: 'operator', addresses: 'router' } as const;

/**
 * DHCP, TFTP and HTTP for the machines, from what k8s-diskless itself renders and serves. Services of an earlier set of
 * machines are replaced.
 */
export async function startBootServices(record: MachinesRecord, signal?: AbortSignal): Promise<void> {
  const { name } = record.plan;
  const paths = bootPaths(name);
  await stopServices(name);
  await rm(paths.root, { recursive: true, force: true });
  await mkdir(paths.rendered, { recursive: true });
  for (const script of ['service.sh', '../nodes/process.sh']) {
    await copyFile(join(import.meta.dirname, script), join(paths.root, script.replace(/.*\//, '')));
  }
  await writeBootConfig(record);
  const flags = ['--config', paths.config, '--state-dir', join(paths.root, 'no-state')];
  await runCommand({
    command: process.execPath,
    args: [PROGRAM, 'boot', 'render', ...flags, '--out', paths.rendered],
    signal,
  });
  if (record.dhcp === 'proxy') await startAddresses(record, signal);
  await startDnsmasq(record, signal);
  const serve = [process.execPath, PROGRAM, 'boot', 'serve', ...flags, '--output', 'json', '--log', paths.served];
  await start({
    lab: name,
    service: 'serve',
    log: paths.serveOutput,
    argv: serve,
    isUp: (log) => /"serving"/.test(log),
    signal,
  });
}

async function startDnsmasq({ plan }: MachinesRecord, signal: AbortSignal | undefined): Promise<void> {
  const paths = bootPaths(plan.name);
  const [bridge, inside] = [bridgeOf('main'), switchOf(plan)];
  await runScript(
    [
      'set -e',
      `ip -n ${inside} link set lo up`,
      `ip -n ${inside} address replace ${dhcpAddress(plan)}/24 dev ${bridge}`,
      `ip -n ${inside} address replace ${ROUTER_ADVERTISEMENT.address} dev ${bridge} nodad`,
    ].join('\n'),
  );
  const argv = [
    ...['ip', 'netns', 'exec', inside, 'dnsmasq', '--keep-in-foreground', `--conf-file=${paths.dnsmasq}`],
    // All that is not of the rendered file: where this one keeps its things, and a router that announces itself.
    ...[`--dhcp-leasefile=${paths.leases}`, '--pid-file', '--user=root', '--log-facility=-'],
    ...['--enable-ra', `--dhcp-range=${ROUTER_ADVERTISEMENT.range}`, `--ra-param=${bridge},0,0`],
  ];
  const isUp = (log: string) => log.includes('started');
  await start({ lab: plan.name, service: 'dnsmasq', log: paths.dnsmasqLog, argv, isUp, signal });
}

/** The DHCP server that a network has already: it knows nothing of booting. */
async function startAddresses({ plan }: MachinesRecord, signal: AbortSignal | undefined): Promise<void> {
  const { operator, nodes, name } = plan;
  const argv = [
    'dnsmasq',
    '--keep-in-foreground',
    '--conf-file=/dev/null',
    '--port=0',
    `--interface=${operator.link}`,
    '--bind-interfaces',
    `--dhcp-range=${operator.address},static`,
    ...nodes.flatMap(({ nics }) => nics.map(({ mac, address }) => `--dhcp-host=${mac},${address}`)),
    `--dhcp-leasefile=${bootPaths(name).leases}.addresses`,
    '--pid-file',
    '--user=root',
    '--log-facility=-',
  ];
  const log = bootPaths(name).addressesLog;
  await start({ lab: name, service: 'addresses', log, argv, isUp: (text) => text.includes('started'), signal });
}

/** iPXE waits some 15 s for an IPv6 router; this one says that it leads nowhere. */
const ROUTER_ADVERTISEMENT = { address: 'fd00:99::1/64', range: 'fd00:99::,ra-only' };

interface Service {
  lab: string;
  service: keyof typeof SERVICES;
  log: string;
  argv: readonly string[];
  isUp: (log: string) => boolean;
  signal: AbortSignal | undefined;
}

async function start({ lab, service, log, argv, isUp, signal }: Service): Promise<void> {
  const script = join(bootPaths(lab).root, 'service.sh');
  const child = spawn('sh', [script, serviceCgroup(lab, service), log, ...argv], {
    detached: true,
    stdio: 'ignore',
    cwd: '/',
  });
  await once(child, 'spawn');
  child.unref();
  const look = () => (isUp(readOptional(log) ?? '') ? true : child.exitCode === null ? undefined : false);
  if (await until(look, { signal, timeout: START_TIMEOUT })) return;
  throw new DisklessError({
    code: 'lab-service-failed',
    message: `the lab's ${service} does not start`,
    detail: (readOptional(log) ?? '').trim().split('\n').slice(-20).join('\n'),
  });
}

async function stopServices(lab: string): Promise<void> {
  for (const service of Object.keys(SERVICES) as (keyof typeof SERVICES)[]) {
    const suffix = `/${serviceCgroup(lab, service)}\n`;
    const gone = () => {
      const alive = processesByCgroup((cgroups) => cgroups.includes(suffix));
      for (const pid of alive) kill(pid);
      return alive.length === 0 ? true : undefined;
    };
    if (await until(gone, { timeout: START_TIMEOUT })) continue;
    throw new DisklessError({ code: 'lab-service-survives', message: `the lab's ${service} does not end` });
  }
}

function serviceCgroup(lab: string, service: keyof typeof SERVICES): string {
  return cgroupOf(lab, SERVICES[service]);
}
