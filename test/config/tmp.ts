import { parseConfig } from '../../src/config/load.js';
const t = (s: string) => { try { console.log(JSON.stringify(parseConfig('cluster.yaml', s).config)); } catch (e) { console.log(e.message, '\n' + (e.detail ?? '')); } };
t(`cluster: Lab
kubernets: 1.20.2
hosts:
  - s[4-6]
  - s[6-4]
  - "s7,S8"
  - {name: s9, adress: 1.2.3.4, port: "22"}
  - 12
  - address: 10.0.0.9
controlPlane: s4
network:
  mode: route
  podCidr: 10.244.0.1/16
  serviceCidr: fd00::/64
  mtu: 10
  foo: 1
apiServer:
  port: 70000
  extraArgs:
    --v: 3
    x: 1.5
ssh: {connectTimeout: 5x, user: -oProxy}
addons:
kubelet: {extraConfig: {a: {b: 1}}}
`);
t(`kubernetes: v1.20.2
hosts: [s4, a=b@c:22]
ssh: {connectTimeout: 500ms}
apiServer: {extraArgs: {v: 3, x: true}}
`);
t('kubernetes: 1.20\n');
t('');
t('a: 1\na: 2\nb: [1,\nc: 3');
t('a: *x\n');
t('- a\n');
t('cluster: !foo x\n');
