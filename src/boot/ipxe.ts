import type { OsDriver } from './os/os-driver.js';

/* iPXE scripts: https://ipxe.org/scripting. Every script is a file, so that any HTTP server can serve them. */

/** Below a boot URL: the file DHCP names, and the one for machines whose MAC address is not known. */
export const ENTRY_SCRIPT = 'boot.ipxe';
export const DEFAULT_SCRIPT = 'default.ipxe';

/** `mac-52-54-00-12-34-56.ipxe`: what ENTRY_SCRIPT makes of a machine's address. */
export function macScriptName(mac: string): string {
  return `mac-${mac.replaceAll(':', '-')}.ipxe`;
}

/** The address in such a name, with colons; undefined for other names. */
export function macOfScript(name: string): string | undefined {
  return /^mac-((?:[0-9a-f]{2}-){5}[0-9a-f]{2})\.ipxe$/.exec(name)?.[1]?.replaceAll('-', ':');
}

/** A machine that cannot boot tries again by itself: what was wrong may be mended meanwhile. */
const RETRY_SECONDS = 30;
const retryPrompt = `prompt --timeout ${RETRY_SECONDS}000 Trying again in ${RETRY_SECONDS} s, or at any key. ||`;

/** The first script of every machine: asks for the one of its MAC address. netX is the card it boots from. */
export function entryScript(url: string): string {
  return lines([
    '#!ipxe',
    '# k8s-diskless: the first script of every machine; DHCP names this file',
    `set base ${url}`,
    ':start',
    `echo k8s-diskless: this machine is \${netX/mac} with address \${netX/ip}`,
    `chain --autofree --replace \${base}/mac-\${netX/mac:hexhyp}.ipxe ||`,
    `chain --autofree --replace \${base}/${DEFAULT_SCRIPT} ||`,
    'echo',
    `echo k8s-diskless: nothing could be fetched from \${base}`,
    `echo Is the boot server running, and is there a way to it from \${netX/ip}?`,
    retryPrompt,
    'goto start',
  ]);
}

export interface MachineScriptInput {
  url: string;
  os: OsDriver;
  /** Node name; absent for machines that take their name from DHCP. */
  host?: string;
  /** Name of its Ignition file below the URL. */
  ignitionName: string;
  kernelArguments: readonly string[];
}

/** Boots one machine, or every machine without an entry of its own. */
export function machineScript({ url, os, host, ignitionName, kernelArguments }: MachineScriptInput): string {
  const [kernel = '', initrd = ''] = (['kernel', 'initrd'] as const).map((role) => imageName(os, role));
  return lines([
    '#!ipxe',
    `# k8s-diskless: ${host ?? 'any machine'}, ${os.title}, ${ignitionName}`,
    `set base ${url}`,
    ':start',
    `echo k8s-diskless: ${host ?? 'this machine'} boots ${os.title}`,
    'imgfree',
    // UEFI finds the initrd by the name on the command line.
    `kernel \${base}/images/${kernel} ${['initrd=main', ...kernelArguments].join(' ')} || goto failed`,
    `initrd --name main \${base}/images/${initrd} || goto failed`,
    'boot || goto failed',
    ':failed',
    'echo',
    `echo k8s-diskless: ${host ?? 'this machine'} cannot boot; the line above says why`,
    retryPrompt,
    // From the first script on: this one is as old as the last attempt. Without an answer it is still the best there is.
    `chain --autofree --replace \${base}/${ENTRY_SCRIPT} || goto start`,
  ]);
}

/** For a person in front of a machine that nobody has entered. */
export function unknownMachineScript(url: string): string {
  return lines([
    '#!ipxe',
    '# k8s-diskless: for machines whose MAC address is not among the hosts',
    `set base ${url}`,
    'echo',
    `echo k8s-diskless does not know this machine: its MAC address is \${netX/mac}`,
    'echo',
    'echo To make it a node, add it to the config file on the operator machine:',
    // iPXE's echo joins words by single spaces: nothing can be indented.
    `echo hosts: [ { name: NAME, mac: "\${netX/mac}" } ]`,
    'echo and start the boot server again. To leave it out, boot it from something else.',
    'echo',
    ':again',
    retryPrompt,
    `chain --autofree --replace \${base}/${ENTRY_SCRIPT} || goto again`,
  ]);
}

export function imageName(os: OsDriver, role: 'kernel' | 'initrd' | 'rootfs'): string | undefined {
  return os.images.find((image) => image.role === role)?.name;
}

function lines(texts: readonly string[]): string {
  return `${texts.join('\n')}\n`;
}
