import type { BootPlan } from '../../src/boot/render.js';
import { plan, WITH_MACS } from './fixture.js';

const NAMES_ONLY = [{ name: 's4' }, { name: 's5' }];
const ONE = WITH_MACS.slice(0, 1);

const EXTRA_3 = JSON.stringify({
  ignition: { version: '3.2.0', timeouts: { httpTotal: 30 } },
  passwd: { users: [{ name: 'core', groups: ['docker'], sshAuthorizedKeys: [] }, { name: 'student' }] },
  storage: { directories: [{ path: '/opt/data', mode: 493 }] },
  systemd: {
    units: [
      { name: 'systemd-timesyncd.service', dropins: [{ name: 'fast.conf', contents: '[Service]\nRestartSec=1\n' }] },
      {
        name: 'hello.service',
        enabled: true,
        contents: '[Service]\nExecStart=/bin/true\n\n[Install]\nWantedBy=multi-user.target\n',
      },
    ],
  },
});

/** What people boot: every operating system, every way of DHCP, with and without MAC addresses. */
export const VARIANTS: Readonly<Record<string, BootPlan>> = {
  'flatcar-own-dhcp': plan({
    boot: {
      kernelArgs: ['console=ttyS0,115200n8'],
      ntp: ['10.0.0.1', 'time.lab'],
      dhcp: {
        range: '10.0.0.100-10.0.0.200',
        interface: 'eno1',
        gateway: '10.0.0.254',
        nameservers: ['10.0.0.1', '10.0.0.2'],
        domain: 'lab.example',
      },
    },
  }),
  'flatcar-proxy-dhcp': plan({ boot: { rootSize: '6G' }, hosts: NAMES_ONLY }),
  'flatcar-extra': plan({ hosts: ONE, extra: EXTRA_3, network: 'vxlan', proxy: 'ipvs' }),
  'fcos-some-macs': plan({
    boot: { os: 'fcos', ntp: ['time.lab'], dhcp: { network: '10.0.0.0/16' } },
    hosts: [...WITH_MACS, { name: 's6' }],
  }),
  'fcos-arm64-path': plan({
    boot: { os: 'fcos', arch: 'arm64', tftp: { root: '/srv/tftp', uefi: 'arm64/snponly.efi' } },
    url: 'http://boot.lab/machines',
    hosts: ONE,
  }),
  generic: plan({ hosts: ONE, boot: { os: 'generic', kernel: '/k', initrd: '/i', kernelArgs: ['quiet'] } }),
};
