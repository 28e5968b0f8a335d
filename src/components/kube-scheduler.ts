import { PATHS } from '../node/paths.js';
import { artifactFile } from './artifact-file.js';
import type { Component } from './context.js';
import { commandLine } from './flags.js';
import { leaderElection } from './leader-election.js';
import { CLIENTS, PKI, pathsIn } from './pki-paths.js';
import { HTTP2_TIMEOUTS, KEEP_RUNNING, serviceUnit, unitPath } from './systemd.js';

const UNIT = 'kube-scheduler.service';
const BINARY = `${PATHS.bin}/kube-scheduler`;
const CLIENT = CLIENTS.kubeScheduler;

/** Flags only: the kinds of its configuration file changed four times in the range, and these flags bind without one. */
export const kubeScheduler: Component = (context) => ({
  component: 'kube-scheduler',
  files: [
    artifactFile(context, 'kube-scheduler'),
    serviceUnit({
      name: UNIT,
      description: 'Kubernetes scheduler',
      after: ['kube-apiserver.service'],
      start: commandLine({
        binary: BINARY,
        flags: {
          kubeconfig: CLIENT.kubeconfig,
          'authentication-kubeconfig': CLIENT.kubeconfig,
          'authorization-kubeconfig': CLIENT.kubeconfig,
          'bind-address': '127.0.0.1',
          ...leaderElection(context),
        },
        extraArgs: context.spec.scheduler.extraArgs,
      }),
      service: { Type: 'exec', Environment: HTTP2_TIMEOUTS, ...KEEP_RUNNING },
    }),
  ],
  units: [{ name: UNIT, inputs: [unitPath(UNIT), BINARY, ...pathsIn(CLIENT), PKI.ca], disruption: 'none' }],
});
