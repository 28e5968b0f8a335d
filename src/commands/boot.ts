import type { Command } from 'commander';
import { addFetchOptions, addRenderOptions, addServeOptions } from './boot-options.js';

const EXAMPLES = `
A machine's boot: DHCP names iPXE, iPXE fetches boot.ipxe and from it everything else:

  k8s-diskless boot fetch --keyring FILE        Flatcar's kernel and initrd into the cache, checked
  k8s-diskless boot render --hosts s4,s5,s6     what the machines will be told; writes nothing
  k8s-diskless boot render --out /etc/boot      the same as files, with a ready dnsmasq.conf
  k8s-diskless boot serve --hosts s4,s5,s6      serves all of it, and shows who fetched what
  k8s-diskless up --hosts s4,s5,s6              once they are up

All of it can be set in the section boot of the config file; docs/booting.md describes the whole procedure.
`;

const RENDER_EXAMPLES = `
Examples:
  k8s-diskless boot render --hosts s4,s5,s6 --os flatcar --out DIR
  k8s-diskless boot render --config lab.yaml
  k8s-diskless boot render --hosts s4 --mac s4=52:54:00:12:34:04 --url http://10.0.0.1:8080
  k8s-diskless boot render --hosts s[4-6] --dhcp-range 10.0.0.100-10.0.0.200   without any other DHCP server
  k8s-diskless boot render --hosts s4 --ignition extra.ign                     with your own Ignition file

DIR gets boot.ipxe (named by DHCP), mac-….ipxe and NAME.ign per machine with a MAC address, default.ipxe for the
others, and dnsmasq.conf. Any web server can serve them; boot serve does it without files.
`;

const FETCH_EXAMPLES = `
Examples:
  k8s-diskless boot fetch --keyring Flatcar_Image_Signing_Key.asc    the newest stable Flatcar
  k8s-diskless boot fetch --keyring fedora.gpg --os fcos --channel testing
  k8s-diskless boot fetch --keyring FILE --os-version 4593.2.5
  k8s-diskless boot fetch --keyring FILE --mirror https://mirror.example     below it flatcar/CHANNEL/… and fcos/…
  k8s-diskless boot fetch --checksums-only                           without keys: damage is found, malice is not
`;

const SERVE_EXAMPLES = `
Examples:
  k8s-diskless boot serve --hosts s4,s5,s6
  k8s-diskless boot serve --config lab.yaml --log boot.ndjson                what happens, also as JSON lines
  k8s-diskless boot serve --hosts s4 --os-images /srv/flatcar/4593.2.5       offline: a directory is enough
  k8s-diskless boot serve --hosts s4 --os generic --kernel vmlinuz --initrd initrd.img
  k8s-diskless boot serve --hosts s4 --url http://boot.lab:8080 --listen 0.0.0.0:8080

Nothing but the rendered files and the images can be read. Ctrl-C waits for running transfers; a second
Ctrl-C aborts them.
`;

/** @param finish Takes the exit code. */
export function addBootCommands(boot: Command, finish: (exit: number) => void): void {
  boot
    .description('boot machines over the network: render boot files, fetch images, serve both')
    .addHelpText('after', EXAMPLES);
  addRenderOptions(boot.command('render').description('iPXE scripts, Ignition and dnsmasq.conf from the config'))
    .addHelpText('after', RENDER_EXAMPLES)
    .action(async (flags) => finish(await (await import('./boot-render.js')).bootRenderCommand(flags)));
  addFetchOptions(boot.command('fetch').description('download an operating system into the cache, and check it'))
    .addHelpText('after', FETCH_EXAMPLES)
    .action(async (flags) => finish(await (await import('./boot-fetch.js')).bootFetchCommand(flags)));
  addServeOptions(boot.command('serve').description('serve boot files and images over HTTP, and show who fetched what'))
    .addHelpText('after', SERVE_EXAMPLES)
    .action(async (flags) => finish(await (await import('./boot-serve.js')).bootServeCommand(flags)));
}
