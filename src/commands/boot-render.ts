import { mkdir, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { proxyForEverybody } from '../boot/dnsmasq.js';
import { type BootFile, type BootPlan, renderBoot } from '../boot/render.js';
import { EXIT, usageError } from '../errors.js';
import { writeFileAtomic } from '../state/atomic-write.js';
import { readBootInputs } from './boot-inputs.js';
import type { RenderFlags } from './boot-options.js';
import { interruptible } from './interrupt.js';
import { print } from './output-lost.js';

/** Version of the JSON form. */
const RENDER_SCHEMA = 1;

export function bootRenderCommand(flags: RenderFlags): Promise<number> {
  return interruptible(async (signal) => {
    const { plan, notes } = await readBootInputs(flags, signal);
    const files = renderBoot(plan);
    const left = flags.out === undefined ? [] : await writeFiles(files, resolve(flags.out));
    const told = [...notes, ...left, ...dnsmasqNotes(plan, files)];
    await print(flags.output === 'json' ? jsonText(files, told) : shown(files, flags.out));
    if (flags.output !== 'json') process.stderr.write(told.map((note) => `${note}\n`).join(''));
    return EXIT.done;
  });
}

/** What a person should know of dnsmasq.conf before it answers anyone. */
function dnsmasqNotes({ settings, url, hosts }: BootPlan, files: readonly BootFile[]): string[] {
  const { arch, dhcp, tftp } = settings;
  if (!files.some(({ kind }) => kind === 'dnsmasq')) {
    const from = new URL(url).hostname.startsWith('[') ? 'an IPv6 address' : 'a name';
    return [`no dnsmasq.conf: machines fetch from ${from}, so say for which network it is: --dhcp-network 10.0.0.0/24`];
  }
  const unknown = hosts.filter(({ mac }) => mac === undefined).map(({ name }) => name);
  return [
    ...(proxyForEverybody({ dhcp, hosts })
      ? [
          `dnsmasq.conf answers every machine that boots over this network, and gives it this operating system: no MAC address is known of ${unknown.join(', ')} (--mac ${unknown[0]}=…)`,
        ]
      : []),
    ...(arch === 'arm64' && tftp.uefi === undefined
      ? ['dnsmasq.conf hands out ipxe.efi, which Debian has for amd64 only: name one of arm64 in boot.tftp.uefi']
      : []),
  ];
}

function jsonText(files: readonly BootFile[], notes: readonly string[]): string {
  return `${JSON.stringify({ v: RENDER_SCHEMA, files, notes })}\n`;
}

/** Without a directory the files themselves, each under its name; else what was written. */
function shown(files: readonly BootFile[], out: string | undefined): string {
  if (out === undefined) return files.map(({ name, text }) => `==> ${name} <==\n${text}`).join('\n');
  return files.map(({ name, host }) => `${join(out, name)}${host === undefined ? '' : `  (${host})`}\n`).join('');
}

/** @returns a note about boot files of earlier renderings: a machine taken out must not boot from them for ever */
async function writeFiles(files: readonly BootFile[], directory: string): Promise<string[]> {
  try {
    await mkdir(directory, { recursive: true });
    // For every web server's user: nothing in them is secret.
    for (const { name, text } of files) await writeFileAtomic(join(directory, name), text, 0o644);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const message = `the boot files cannot be written to ${directory} (${code})`;
    throw usageError({ code: 'out-unwritable', message, hint: 'name another directory with --out', cause });
  }
  const written = new Set(files.map(({ name }) => name));
  const others = (await readdir(directory)).filter((name) => /\.(ipxe|ign)$/.test(name) && !written.has(name));
  return others.length === 0
    ? []
    : [`${directory} also holds ${others.join(', ')}, which no host needs any more: remove them`];
}
