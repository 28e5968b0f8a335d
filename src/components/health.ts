import type { ClusterSpec, NodeSpec } from '../config/spec.js';
import { OWN_PORTS } from '../node/ports.js';

/** Where a unit's daemon says on its own node whether it is well. */
export interface HealthEndpoint {
  unit: string;
  url: string;
}

/**
 * The daemons that systemd counts as started before they work. All of them answer /healthz to anybody on every version of the table:
 * kubelet and kube-proxy over plain http, kube-controller-manager and kube-scheduler because the path stands in the
 * default of --authorization-always-allow-paths. What the configuration moved is asked where it is now, what it switched
 * off is not asked.
 */
export function healthEndpoints({ spec, node }: { spec: ClusterSpec; node: NodeSpec }): HealthEndpoint[] {
  const { healthzPort = OWN_PORTS.kubeletHealth.port, healthzBindAddress = LOOPBACK } = spec.kubelet.extraConfig;
  const everywhere = [
    endpoint('kube-proxy.service', 'http', LOOPBACK, OWN_PORTS.kubeProxyHealth.port),
    endpoint('kubelet.service', 'http', String(healthzBindAddress), Number(healthzPort)),
  ];
  const { controllerManager, scheduler } = spec;
  const elected = [
    secure('kube-controller-manager.service', OWN_PORTS.kubeControllerManager.port, controllerManager.extraArgs),
    secure('kube-scheduler.service', OWN_PORTS.kubeScheduler.port, scheduler.extraArgs),
  ];
  return [...(node.role === 'control-plane' ? elected : []), ...everywhere].flat();
}

const LOOPBACK = '127.0.0.1';

function secure(unit: string, port: number, extraArgs: Record<string, string>): HealthEndpoint[] {
  return endpoint(unit, 'https', extraArgs['bind-address'] ?? LOOPBACK, Number(extraArgs['secure-port'] ?? port));
}

/** Port 0 switches the server off. */
function endpoint(unit: string, scheme: string, address: string, port: number): HealthEndpoint[] {
  if (port === 0) return [];
  const host = ['0.0.0.0', '::', ''].includes(address) ? LOOPBACK : address;
  return [{ unit, url: `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}/healthz` }];
}
