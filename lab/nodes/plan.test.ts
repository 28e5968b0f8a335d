import { describe, expect, it } from 'vitest';
import { emptyLab, withNodes } from './plan.js';

const lab = (index = 0, hasRouter = false) => emptyLab({ name: 'unit', index, hasRouter });
const nodes = (...names: string[]) => names.map((name) => ({ name }));
const refusal = (code: string) => expect.objectContaining({ code });

describe('plan of a lab', () => {
  it('numbers nodes by their names, and those without a number above all others', () => {
    const plan = withNodes(lab(), nodes('s4', 'a4', 'jump', 's250'));
    expect(plan.nodes.map((node) => node.nics[0]?.address)).toEqual([
      '10.146.225.4',
      '10.146.225.200',
      '10.146.225.201',
      '10.146.225.202',
    ]);
  });

  it('gives labs that run side by side subnets and links of their own', () => {
    const [one, other] = [withNodes(lab(0), nodes('s4')), withNodes(lab(7), nodes('s4'))];
    expect(one.operator).toEqual({ link: 'kdl0', address: '10.146.225.1' });
    expect(other.operator).toEqual({ link: 'kdl7', address: '10.146.232.1' });
    expect(other.nodes[0]?.nics[0]).toMatchObject({ address: '10.146.232.4', mac: '02:6b:64:07:00:04' });
  });

  it('gives a second NIC an address in another subnet and a MAC of its own', () => {
    const [node] = withNodes(lab(), [{ name: 's5', options: ['two-nics'] }]).nodes;
    expect(node?.nics.map((nic) => [nic.device, nic.segment, nic.address])).toEqual([
      ['eth0', 'main', '10.146.225.5'],
      ['eth1', 'storage', '10.149.225.5'],
    ]);
    expect(new Set(node?.nics.map((nic) => nic.mac)).size).toBe(2);
  });

  it('adds nodes to those there are and leaves these as they are', () => {
    const before = withNodes(lab(), nodes('s4', 's5'));
    const after = withNodes(before, nodes('s5', 's6'));
    expect(after.nodes.slice(0, 2)).toEqual(before.nodes);
    expect(after.nodes.map((node) => node.name)).toEqual(['s4', 's5', 's6']);
  });

  it('refuses other options for a node that exists', () => {
    const before = withNodes(lab(), nodes('s4'));
    expect(() => withNodes(before, [{ name: 's4', options: ['swap'] }])).toThrowError(refusal('lab-options-differ'));
  });

  it('refuses a hidden node without a jump host, in whatever order they are named', () => {
    const hidden = { name: 's5', options: ['hidden'] };
    const jump = { name: 'jump', options: ['jump'] };
    expect(() => withNodes(lab(), [hidden])).toThrowError(refusal('lab-no-jump-host'));
    expect(withNodes(lab(), [hidden, jump]).nodes).toHaveLength(2);
  });

  it('refuses a far node where there is no router', () => {
    const far = [{ name: 's6', options: ['far'] }];
    expect(() => withNodes(lab(), far)).toThrowError(refusal('lab-no-router'));
    expect(withNodes(lab(0, true), far).nodes[0]?.nics[0]?.address).toBe('10.147.225.6');
  });

  it.each(['', 'S4', '4s', 's4-', 's.4', 'a-name-too-long', 'operator', 'all'])('refuses the name %j', (name) => {
    expect(() => withNodes(lab(), [{ name }])).toThrowError(refusal('lab-node-name-invalid'));
  });
});
