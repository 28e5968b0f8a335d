import { describe, expect, test } from 'vitest';
import { entryScript, machineScript, macOfScript, macScriptName, unknownMachineScript } from '../../src/boot/ipxe.js';
import { OS_DRIVERS } from '../../src/boot/os/drivers.js';
import { URL } from './fixture.js';

const MAC = '52:54:00:aa:00:04';

describe('the script of a MAC address', () => {
  test('has the name that iPXE makes of the address', () => {
    expect(macScriptName(MAC)).toBe('mac-52-54-00-aa-00-04.ipxe');
    expect(macOfScript(macScriptName(MAC))).toBe(MAC);
    expect(entryScript(URL)).toMatch(/ \$\{base\}\/mac-\$\{netX\/mac:hexhyp\}\.ipxe /);
  });

  test.each(['mac-52-54-00-aa-00.ipxe', 'mac-52-54-00-AA-00-04.ipxe', 'mac-../../etc/passwd.ipxe', 'boot.ipxe'])(
    '%s is none',
    (name) => {
      expect(macOfScript(name)).toBeUndefined();
    },
  );
});

/** What iPXE would run: https://ipxe.org/scripting, a label per line that begins with a colon. */
function labelsOf(script: string): { defined: string[]; used: string[] } {
  return {
    defined: [...script.matchAll(/^:(\w+)$/gm)].map(([, label = '']) => label),
    used: [...script.matchAll(/\bgoto (\w+)/g)].map(([, label = '']) => label),
  };
}

describe('every script', () => {
  const machine = { url: URL, os: OS_DRIVERS.flatcar, ignitionName: 's4.ign', kernelArguments: ['quiet'] };
  const scripts = {
    entry: entryScript(URL),
    machine: machineScript({ ...machine, host: 's4' }),
    any: machineScript(machine),
    unknown: unknownMachineScript(URL),
  };

  test.each(Object.entries(scripts))('%s is one, and goes nowhere that is not there', (_name, script) => {
    expect(script).toMatch(/^#!ipxe\n/);
    const { defined, used } = labelsOf(script);
    expect(used.filter((label) => !defined.includes(label))).toEqual([]);
  });

  test.each(Object.entries(scripts))('%s never ends, but tries again', (_name, script) => {
    expect(script.trimEnd().split('\n').at(-1)).toMatch(/goto \w+$/);
    expect(script).toContain('prompt --timeout 30000');
  });

  test.each(['machine', 'any', 'unknown'] as const)('%s asks for the first script again: it may be another', (name) => {
    const [, next] = scripts[name].match(/^prompt .*\n(.*)$/m) ?? [];
    expect(next).toMatch(/^chain --autofree --replace \$\{base\}\/boot\.ipxe \|\| goto \w+$/);
  });

  test.each(Object.entries(scripts))('%s speaks in lines that fit a text screen', (_name, script) => {
    const variables = { base: URL, 'netX/mac': MAC, 'netX/ip': '255.255.255.255' };
    const shown = script.replace(/\$\{([^}:]+)[^}]*\}/g, (_, name: keyof typeof variables) => variables[name]);
    const lines = [...shown.matchAll(/^echo (.*)$/gm)].map(([, text = '']) => text);
    expect(lines.filter((line) => line.length > 79)).toEqual([]);
  });
});
