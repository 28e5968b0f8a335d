import { z } from 'zod';
import { parseAddress } from './cidr.js';
import { isDnsSubdomain } from './names.js';
import { publicKeyProblem } from './public-key.js';
import { checked, unless } from './scalars.js';

/* The single values of the config file's section `boot`. */

/** What reaches the kernel as one word: iPXE splits at white space and expands `${…}`. */
const KERNEL_ARGUMENT = /^(?!#|\|\||&&)[\x21-\x7e]+$/;

export const kernelArgument = checked(
  unless(
    (text) => KERNEL_ARGUMENT.test(text) && !text.includes('${'),
    'is not a kernel argument: one word without white space and without "${", e.g. console=ttyS0,115200n8',
  ),
);

/** tmpfs(5): a share of the RAM, or a size. */
export const tmpfsSize = checked(
  unless(
    (text) => /^([1-9]\d{0,2}[MG]|[1-9]\d{3,}M|[1-9]\d%)$/.test(text),
    'is not a size of the root file system such as 75%, 6G or 6000M',
  ),
).meta({ title: 'such as `75%` or `6G`' });

export const osVersion = checked(
  unless((text) => /^\d+(\.\d+){2,3}$/.test(text), 'is not a version of the operating system such as 4593.2.5'),
).meta({ title: 'version' });

/** Linux: at most 15 characters; no slash, no white space. */
export const interfaceName = checked(
  unless((text) => /^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,14}$/.test(text), 'is not a name of a network interface'),
).meta({ title: 'interface name' });

export const timeServer = checked(
  unless((text) => parseAddress(text) !== undefined || isDnsSubdomain(text), 'is neither an address nor a DNS name'),
);

/** Where machines fetch from. Without a slash at the end. */
export const bootUrl = checked(bootUrlProblem)
  .transform((text) => text.replace(/\/+$/, ''))
  .pipe(z.string().min(1))
  .meta({ title: 'http URL' });

function bootUrlProblem(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:')
    return 'is https, which iPXE and initrds do not speak reliably; nothing served is secret';
  const plain = url?.protocol === 'http:' && url.search === '' && url.hash === '' && url.username === '';
  // Also a text of the scripts: nothing that iPXE expands or splits at.
  if (plain && /^[A-Za-z0-9:/._~[\]-]+$/.test(text)) return undefined;
  return 'is not a plain http URL such as http://10.0.0.1:8080';
}

export const listenAddress = checked(
  unless((text) => parseListen(text) !== undefined, 'is not ADDRESS:PORT such as 10.0.0.1:8080 or 0.0.0.0:80'),
).meta({ title: 'address and port' });

/** `10.0.0.1:8080`, or `[fd00::1]:8080`. */
export function parseListen(text: string): { host: string; port: number } | undefined {
  const [, v4, v6, digits = ''] = /^(?:([\d.]+)|\[([0-9a-fA-F:]+)\]):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  const host = v6 ?? (v4 !== undefined && parseAddress(v4) !== undefined ? v4 : undefined);
  return host === undefined || port > 65535 ? undefined : { host, port };
}

export const addressRange = checked(rangeProblem).meta({ title: 'two IPv4 addresses' });

/** `10.0.0.100-10.0.0.200` taken apart. */
export function parseRange(text: string): { first: string; last: string } | undefined {
  const [first = '', last = ''] = text.split('-');
  return rangeProblem(text) === undefined ? { first, last } : undefined;
}

function rangeProblem(text: string): string | undefined {
  const [first = '', last = '', ...rest] = text.split('-');
  const [from, to] = [parseAddress(first), parseAddress(last)];
  if (from === undefined || to === undefined || rest.length > 0) {
    return 'is not a range of addresses such as 10.0.0.100-10.0.0.200';
  }
  return from > to ? 'runs backwards' : undefined;
}

/** A public key as it stands in a *.pub file, or the path of such a file. */
export const publicKeyOrPath = z
  .string()
  .min(1)
  .superRefine((text, context) => {
    const problem = /\s/.test(text) || text.startsWith('ssh-') ? publicKeyProblem(text) : undefined;
    if (problem !== undefined) context.addIssue(problem);
  });

/* Words of dnsmasq.conf, where commas separate and "#" begins a comment. */
export const tftpRoot = checked(
  unless((text) => /^\/[\w./+-]*$/.test(text), 'is not an absolute path without spaces, as dnsmasq needs it'),
).meta({ title: 'absolute path' });
export const tftpFile = checked(
  unless((text) => /^\w[\w./+-]*$/.test(text), 'is not a file below tftp.root, such as ipxe.efi'),
).meta({ title: 'file below root' });
