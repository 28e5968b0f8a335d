/** A drop-in of systemd-timesyncd. */
export function timesyncdServers(servers: readonly string[]): { path: string; text: string } {
  return {
    path: '/etc/systemd/timesyncd.conf.d/10-k8s-diskless.conf',
    text: `[Time]\nNTP=${servers.join(' ')}\n`,
  };
}

/** chrony has no place for drop-ins on Fedora CoreOS: its file is replaced, with what matters of the original. */
export function chronyServers(servers: readonly string[]): { path: string; text: string } {
  const rest = ['sourcedir /run/chrony-dhcp', 'driftfile /var/lib/chrony/drift', 'makestep 1.0 3', 'rtcsync'];
  const lines = [...servers.map((server) => `server ${server} iburst`), ...rest];
  return { path: '/etc/chrony.conf', text: `${lines.join('\n')}\n` };
}
