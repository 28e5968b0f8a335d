import { describe, expect, it } from 'vitest';
import { DisklessError } from '../../src/errors.js';
import { toOneMachine } from '../../src/ssh/one-machine.js';

const [LEFT, RIGHT] = ['192.0.2.4', '192.0.2.5'];
const unreachable = new DisklessError({ code: 'unreachable', message: 'it does not answer' });

/** A name with two addresses; each leads to a machine known by its key, to nobody, or keeps silent. */
function nameOf(machines: Record<string, string | Error | 'silent'>) {
  const tried: string[] = [];
  const ended: string[] = [];
  const addresses = new Map<string, string>();
  const connect = async (hostname: string) => {
    tried.push(hostname);
    const machine = machines[hostname] ?? 'named';
    if (machine instanceof Error) throw machine;
    if (machine === 'silent') await new Promise(() => {});
    return {
      hostname,
      hostKey: { type: 'ssh-ed25519', fingerprint: `SHA256:${machine}` },
      end: () => ended.push(hostname),
    };
  };
  const run = (found = Object.keys(machines)) =>
    toOneMachine({ config: { hostname: 's4' }, addresses, connect, resolve: async () => found });
  return { tried, ended, addresses, run };
}

describe('a name', () => {
  it('with one address is connected to as it is', async () => {
    const name = nameOf({ [LEFT]: 'a' });
    expect(await name.run()).toMatchObject({ hostname: 's4' });
    expect(name.addresses.size).toBe(0);
  });

  it('with two addresses of one machine is kept to one of them for the run', async () => {
    const name = nameOf({ [LEFT]: 'a', [RIGHT]: 'a' });
    expect(await name.run()).toMatchObject({ hostname: LEFT });
    expect(name.ended).toEqual([RIGHT]);
    name.tried.length = 0;
    expect(await name.run([RIGHT, LEFT])).toMatchObject({ hostname: LEFT });
    expect(name.tried).toEqual([LEFT]);
  });

  it('that leads to two machines is refused, naming both', async () => {
    const name = nameOf({ [LEFT]: 'a', [RIGHT]: 'b' });
    await expect(name.run()).rejects.toMatchObject({
      code: 'name-ambiguous',
      exit: 5,
      message: `s4 leads to more than one machine: ${LEFT} (ssh-ed25519 SHA256:a) and ${RIGHT} (ssh-ed25519 SHA256:b)`,
    });
    expect(name.ended).toEqual([LEFT, RIGHT]);
    expect(name.addresses.size).toBe(0);
  });

  it.each([
    ['refuses', unreachable],
    ['is silent', 'silent'],
  ] as const)('is kept to the address that answers when the other %s', async (_how, other) => {
    const name = nameOf({ [LEFT]: other, [RIGHT]: 'b' });
    expect(await name.run()).toMatchObject({ hostname: RIGHT });
    expect(name.addresses.get('s4')).toBe(RIGHT);
  });

  it('of which no address answers fails as the first did', async () => {
    await expect(nameOf({ [LEFT]: unreachable, [RIGHT]: new Error('other') }).run()).rejects.toBe(unreachable);
  });
});
