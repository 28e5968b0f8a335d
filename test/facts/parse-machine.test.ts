import { expect, test } from 'vitest';
import { parseMachine } from '../../src/facts/parse-machine.js';

const UUID = '4C4C4544-0035-4D10-8052-B4C04F4D3332';
const LINKS = [
  '1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN\\    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00',
  '2: eno2: <BROADCAST,SLAVE,UP> mtu 1500 qdisc mq master bond0\\    link/ether 52:54:00:00:00:01 brd ff:ff:ff:ff:ff:ff permaddr 52:54:00:00:00:02',
  '3: eno1: <BROADCAST,SLAVE,UP> mtu 1500 qdisc mq master bond0\\    link/ether 52:54:00:00:00:01 brd ff:ff:ff:ff:ff:ff',
  '4: bond0: <BROADCAST,MASTER,UP> mtu 1500 qdisc noqueue\\    link/ether 52:54:00:00:00:01 brd ff:ff:ff:ff:ff:ff',
  '9: cni0: <BROADCAST,UP> mtu 1500 qdisc noqueue\\    link/ether 0e:00:00:00:00:09 brd ff:ff:ff:ff:ff:ff',
  '10: veth1@if2: <BROADCAST,UP> mtu 1500 qdisc noqueue master cni0\\    link/ether 0e:00:00:00:00:0a brd ff:ff:ff:ff:ff:ff link-netnsid 0',
];

test('a machine is known by its cards, also below a bond, and by its board', () => {
  expect(parseMachine({ cards: ['eno1', 'eno2'], links: LINKS, uuid: UUID, reached: 'bond0' })).toEqual({
    macs: ['52:54:00:00:00:01', '52:54:00:00:00:02'],
    uuid: UUID.toLowerCase(),
  });
});

test('a container, by the link that SSH arrives at', () => {
  expect(parseMachine({ cards: [], links: LINKS, uuid: '', reached: 'veth1' })).toEqual({
    macs: ['0e:00:00:00:00:0a'],
  });
  expect(parseMachine({ cards: [], links: LINKS, uuid: '', reached: undefined })).toEqual({ macs: [] });
});

test.each([
  '00000000-0000-0000-0000-000000000000',
  'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF',
  '03000200-0400-0500-0006-000700080009',
  'Not Settable',
])('the UUID %s is none', (uuid) => {
  expect(parseMachine({ cards: [], links: [], uuid, reached: undefined })).toEqual({ macs: [] });
});
