import { jumpHostOf, type LabPlan, type NodePlan } from './plan.js';

/** The ssh_config a person or the product uses for the lab's nodes. */
export function renderSshConfig(lab: LabPlan, keyFile: string, connectTimeout = 10): string {
  const hosts = lab.nodes.map((node) => renderHost(node, lab));
  const all = [
    'Host *',
    '  User core',
    `  IdentityFile ${keyFile}`,
    '  IdentitiesOnly yes',
    // A machine that all of them share may stand still for longer than the 5 s of those who do not say.
    `  ConnectTimeout ${connectTimeout}`,
    // Every boot brings new host keys; for plain ssh that is no reason to stop.
    '  UserKnownHostsFile /dev/null',
    '  StrictHostKeyChecking no',
    '  LogLevel ERROR',
  ];
  return [...hosts, all.join('\n'), ''].join('\n\n');
}

function renderHost(node: NodePlan, lab: LabPlan): string {
  const [first] = node.nics;
  const jump = first?.segment === 'hidden' ? jumpHostOf(lab) : undefined;
  return [
    `Host ${node.name}`,
    `  HostName ${first?.address}`,
    `  Port ${node.traits.sshPort}`,
    ...(jump === undefined ? [] : [`  ProxyJump ${jump.name}`]),
  ].join('\n');
}
