import type { Roles } from './roles.js';
import type { ClusterSpec, SshSpec } from './spec.js';
import { hostKeyPolicyOf } from './ssh-settings.js';
import type { WantedHost } from './wanted-hosts.js';

export interface ResolveNote {
  code:
    | 'configuration-older'
    | 'control-planes-chosen'
    | 'control-planes-even'
    | 'host-added'
    | 'host-not-listed'
    | 'host-promoted'
    | 'host-key-policy'
    | 'new-cluster'
    | 'node-leaving'
    | 'upgrade-goes-on';
  /** Node name, of notes about one node. */
  host?: string;
  message: string;
}

export interface Resolution {
  wanted?: readonly WantedHost[];
  recorded?: ClusterSpec;
  roles: Roles;
  ssh: SshSpec | undefined;
}

/** What a person should know about how the spec came to be. */
export function notesOf({ wanted, recorded, roles, ssh }: Resolution): ResolveNote[] {
  const notes: ResolveNote[] = [];
  if (roles.byDefault.length > 0) {
    const message = `control planes: ${roles.byDefault.join(', ')} (--control-plane chooses others)`;
    notes.push({ code: 'control-planes-chosen', message });
  }
  if (!recorded) return notes;
  const message = policyMessage(recorded.ssh, ssh);
  if (message !== undefined) notes.push({ code: 'host-key-policy', message });
  for (const name of roles.promoted)
    notes.push({ code: 'host-promoted', host: name, message: `${name} becomes a control plane` });
  if (!wanted) return notes;
  const known = new Set(recorded.nodes.map(({ name }) => name));
  const listed = new Set(wanted.map(({ name }) => name));
  for (const { name } of wanted.filter((host) => !known.has(host.name))) {
    notes.push({ code: 'host-added', host: name, message: `${name} joins the cluster as a ${roles.roles.get(name)}` });
  }
  for (const { name } of recorded.nodes.filter((node) => !listed.has(node.name))) {
    notes.push({
      code: 'host-not-listed',
      host: name,
      message: `${name} is not on the list; it stays in the cluster until k8s-diskless remove ${name}`,
    });
  }
  return notes;
}

/** The policy outlasts the run that named it, so that a change, and one that trusts everybody, must not go unseen. */
function policyMessage(recorded: SshSpec | undefined, ssh: SshSpec | undefined): string | undefined {
  const [before, now] = [hostKeyPolicyOf(recorded), hostKeyPolicyOf(ssh)];
  if (before !== now) return `host-key policy: ${now} from now on, no longer ${before}`;
  if (now !== 'insecure') return undefined;
  return 'host-key policy: insecure is recorded, so host keys are not checked (--host-key-policy per-boot changes that)';
}
