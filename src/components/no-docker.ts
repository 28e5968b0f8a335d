import type { DesiredFile } from '../node/desired.js';
import type { ComponentContext } from './context.js';
import { nodeScript } from './node-script.js';
import { serviceUnit, textFile, unitPath } from './systemd.js';

export const NO_DOCKER_SOCKET = 'k8s-diskless-no-docker.socket';
const ADDRESS = '/run/k8s-diskless-no-docker.sock';

/** What spares a kubelet up to 1.23 its wait for Docker; see manifests/node/k8s-diskless-no-docker.bash. */
export interface NoDocker {
  files: DesiredFile[];
  /** For `kubelet --docker`; also keeps it from waking a dockerd that systemd would start on demand. */
  endpoint: string;
}

export function noDocker({ version }: ComponentContext): NoDocker | undefined {
  if (!version.switches.waitsForDocker) return undefined;
  const script = nodeScript('k8s-diskless-no-docker');
  const answer = serviceUnit({
    name: 'k8s-diskless-no-docker@.service',
    description: 'Answer to a kubelet that looks for Docker',
    start: ['/bin/bash', script.path],
    service: { StandardInput: 'socket', StandardOutput: 'socket' },
  });
  return { files: [script, answer, socketUnit()], endpoint: `unix://${ADDRESS}` };
}

function socketUnit(): DesiredFile {
  const lines = [
    '[Unit]',
    'Description=Where a kubelet looks for Docker until it has started',
    '',
    '[Socket]',
    `ListenStream=${ADDRESS}`,
    'SocketMode=0600',
    'Accept=yes',
    'RemoveOnStop=yes',
  ];
  return textFile(unitPath(NO_DOCKER_SOCKET), `${lines.join('\n')}\n`);
}
