import { spawn } from 'node:child_process';
import { type Operator, operatorOf } from '../test/e2e/helpers/cli.js';
import { deployEcho, echoPods, eventually, NODE_PORT } from '../test/e2e/helpers/workload.js';
import { ensureProgram, PROGRAM } from '../test/helpers/program.js';
import { Lab } from './nodes/lab.js';

/**
 * The whole promise in a minute: three RAM-only machines, one command, a workload answering from every node, a snapshot; then
 * all machines lose power at once, and the same command brings it back. What it makes stays until it is taken down; a demo that was
 * interrupted is simply run again, since the lab keeps the operator's state too.
 */
const NODES = ['s4', 's5', 's6'];

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const heading = (line: string): void => say(`\n\u001b[1m== ${line}\u001b[0m`);

async function run(operator: Operator, ...args: string[]): Promise<void> {
  say(`$ k8s-diskless ${args.join(' ')}\n`);
  const child = spawn(process.execPath, [PROGRAM, ...args], { env: operator.env, stdio: 'inherit' });
  const exit = await new Promise<number | null>((resolve) => child.on('close', resolve));
  if (exit !== 0) throw new Error(`${args[0]} ended with exit code ${exit}`);
}

const up = (operator: Operator): Promise<void> => run(operator, 'up', '--hosts', NODES.join(','));

async function showWorkload(operator: Operator, lab: Lab): Promise<void> {
  say(await operator.kubectl('get', 'nodes', '-o', 'wide'));
  await operator.kubectl('rollout', 'status', 'deployment/echo', '--timeout=90s');
  for (const { name, ip, node } of await echoPods(operator)) say(`pod ${name} on ${node} has ${ip}`);
  for (const node of NODES) {
    const address = lab.node(node).nics[0]?.address ?? '';
    const answer = await eventually(async () => {
      const { code, stdout, stderr } = await lab.exec(node, [
        'curl',
        '-sS',
        '-m',
        '3',
        `http://${address}:${NODE_PORT}/`,
      ]);
      if (code !== 0) throw new Error(stderr);
      return stdout.trim();
    });
    say(`${node} asked its NodePort ${address}:${NODE_PORT}: ${answer}`);
  }
}

async function demo(): Promise<void> {
  await ensureProgram();
  const lab = new Lab('lab');
  heading('three machines whose root is in RAM');
  await lab.up({ nodes: NODES.map((name) => ({ name })), progress: say });
  const operator = operatorOf(lab.env());
  heading('blank machines become a cluster');
  await up(operator);
  heading('a workload answers from every node');
  await deployEcho(operator, NODES.length);
  await showWorkload(operator, lab);
  heading('a snapshot of all objects, on the operator');
  await run(operator, 'backup');
  heading('the power goes: all machines forget everything, etcd included');
  await lab.reboot(NODES, { power: true, progress: say });
  heading('the same command again, and nothing is applied by hand');
  await up(operator);
  await showWorkload(operator, lab);
  heading('the cluster is yours');
  say('eval "$(npm run -s lab -- env)"');
  say('npx k8s-diskless kubectl -- get pods -A -o wide');
  say(`export KUBECONFIG=${operator.stateDir}/kubeconfig`);
  say('npm run -s lab -- reboot s5 && npx k8s-diskless up');
  say('remove everything: npm run -s lab -- down');
}

await demo();
