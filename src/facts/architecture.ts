/** Go's architecture names for what `uname -m` says. */
const GO_NAMES: Readonly<Record<string, 'amd64' | 'arm64'>> = { x86_64: 'amd64', aarch64: 'arm64' };

/** For messages. */
export const MACHINES = Object.keys(GO_NAMES).join(' and ');

/** undefined for a machine that no release is made for. */
export function goArchitecture(machine: string): 'amd64' | 'arm64' | undefined {
  return GO_NAMES[machine];
}
