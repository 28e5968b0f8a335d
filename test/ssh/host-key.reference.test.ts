import { execFile, execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { entriesFor, parseKnownHosts } from '../../src/ssh/known-hosts.js';
import { newKeyPair } from '../helpers/key-files.js';
import { generateKey } from '../helpers/ssh-tools.js';
import { dial, scratch, sshConfig, sshd } from './harness.js';

/* ssh-keygen says which lines speak of a host, ssh itself whether it goes on. */

/** Numbers of the lines that `ssh-keygen -F` finds. */
function linesFound(name: string, path: string): number[] {
  let output = '';
  try {
    output = execFileSync('ssh-keygen', ['-F', name, '-f', path], { encoding: 'utf8' });
  } catch (error) {
    // Exit code 1: nothing found.
    output = String((error as { stdout?: unknown }).stdout ?? '');
  }
  return [...output.matchAll(/^# Host .* found: line (\d+)/gm)].map(([, line]) => Number(line));
}

describe('ssh-keygen', () => {
  const names = [
    's4',
    'S4',
    '*',
    's?',
    '!s4,s*',
    's*,!s5',
    '10.0.0.*',
    '[s4]:2222',
    '[s*]:*',
    '[10.0.0.4]:2222',
    'fe80::4',
  ];
  const hosts = [
    { hostname: 's4', port: 22 },
    { hostname: 's5', port: 22 },
    { hostname: 's4.lab', port: 22 },
    { hostname: '10.0.0.4', port: 22 },
    { hostname: 'fe80::4', port: 22 },
    { hostname: 's4', port: 2222, name: '[s4]:2222' },
    { hostname: 's5', port: 2222, name: '[s5]:2222' },
    { hostname: '10.0.0.4', port: 2222, name: '[10.0.0.4]:2222' },
  ];

  it.each([
    ['patterns', false],
    ['names that it hashed', true],
  ])('finds the same lines by %s', (_title, isHashed) => {
    const directory = scratch();
    const key = generateKey(directory, 'id');
    const path = join(directory, 'known_hosts');
    // Lines with a marker keep nobody from looking up the next name. ssh-keygen hashes none of those.
    const lines = names.map((name) => `${isHashed ? '' : '@revoked '}${name} ${key.public}`);
    const others = isHashed ? [] : ['# comment', '', `@unknown s4 ${key.public}`, `@revoked s4`];
    writeFileSync(path, `${[...others, ...lines].join('\n')}\n`);
    if (isHashed) execFileSync('ssh-keygen', ['-H', '-f', path], { stdio: 'ignore' });
    const known = parseKnownHosts([{ path, text: readFileSync(path, 'utf8') }]);
    for (const { hostname, port, name = hostname } of hosts) {
      const found = entriesFor(known, { hostname, port }).map(({ place }) => Number(place.split(':').at(-1)));
      const theirs = linesFound(name, path);
      // Where there is none under the first name, ssh looks up the second by itself.
      expect(found.slice(0, theirs.length), name).toEqual(theirs);
      if (theirs.length === 0 || port === 22)
        expect(found, name).toEqual(port === 22 ? theirs : linesFound(hostname, path));
    }
  });
});

interface Scene {
  /** Its keys, as they stand in known_hosts. */
  own: string;
  rsa: string;
  /** Another host's. */
  other: string;
  port: number;
}

interface Case {
  known: (scene: Scene) => string;
  global?: (scene: Scene) => string;
  alias?: string;
  goesOn: boolean;
}

const HOST = '127.0.0.1';
const at = (port: number): string => `[${HOST}]:${port}`;

const CASES: Record<string, Case> = {
  'its port': { known: ({ own, port }) => `${at(port)} ${own}`, goesOn: true },
  'no port': { known: ({ own }) => `${HOST} ${own}`, goesOn: true },
  nobody: { known: () => '', goesOn: false },
  'another port': { known: ({ own }) => `${at(1)} ${own}`, goesOn: false },
  'another key without its port': {
    known: ({ own, other, port }) => `${HOST} ${other}\n${at(port)} ${own}`,
    goesOn: true,
  },
  'another key for its port': {
    known: ({ own, other, port }) => `${at(port)} ${other}\n${HOST} ${own}`,
    goesOn: false,
  },
  'another key for every name': { known: ({ own, other }) => `* ${other}\n${HOST} ${own}`, goesOn: false },
  'one of two keys for its port': {
    known: ({ own, other, port }) => `${at(port)} ${other}\n${at(port)} ${own}`,
    goesOn: true,
  },
  'a key of the other kind': { known: ({ rsa, port }) => `${at(port)} ${rsa}`, goesOn: true },
  'a pattern': { known: ({ own }) => `127.0.?.* ${own}`, goesOn: true },
  'a pattern with a port': { known: ({ own }) => `[127.*]:* ${own}`, goesOn: true },
  'a negated name': { known: ({ own }) => `127.*,!${HOST} ${own}`, goesOn: false },
  'its port negated': { known: ({ own, port }) => `*,!${at(port)},!${HOST} ${own}`, goesOn: false },
  'revoked for all': { known: ({ own }) => `@revoked * ${own}\n${HOST} ${own}`, goesOn: false },
  'revoked for its port': { known: ({ own, port }) => `@revoked ${at(port)} ${own}\n${HOST} ${own}`, goesOn: false },
  'revoked without its port': {
    known: ({ own, port }) => `@revoked ${HOST} ${own}\n${at(port)} ${own}`,
    goesOn: true,
  },
  'another one revoked': { known: ({ own, other }) => `@revoked * ${other}\n${HOST} ${own}`, goesOn: true },
  'an authority alone': { known: ({ other }) => `@cert-authority * ${other}`, goesOn: false },
  'an authority that is its own key': { known: ({ own }) => `@cert-authority * ${own}`, goesOn: false },
  'an authority for its port': {
    known: ({ own, other, port }) => `@cert-authority ${at(port)} ${other}\n${HOST} ${own}`,
    goesOn: true,
  },
  'a key cut off': { known: ({ own, port }) => `${at(port)} ${own.slice(0, -20)}\n${HOST} ${own}`, goesOn: true },
  'another case': { known: ({ own }) => `LocalHost ${own}`, alias: 'localhost', goesOn: true },
  'an alias': { known: ({ own }) => `node-4 ${own}`, alias: 'node-4', goesOn: true },
  'an alias with its port': { known: ({ own, port }) => `[node-4]:${port} ${own}`, alias: 'node-4', goesOn: false },
  'an alias, not the name': { known: ({ own, port }) => `${at(port)} ${own}`, alias: 'node-4', goesOn: false },
  'the global file': { known: () => '', global: ({ own }) => `${HOST} ${own}`, goesOn: true },
  'its port in the global file': {
    known: ({ other }) => `${HOST} ${other}`,
    global: ({ own, port }) => `${at(port)} ${own}`,
    goesOn: true,
  },
  'either file': {
    known: ({ other, port }) => `${at(port)} ${other}`,
    global: ({ own, port }) => `${at(port)} ${own}`,
    goesOn: true,
  },
};

describe('ssh', () => {
  it.each(Object.entries(CASES))('decides the same by %s', async (_title, { known, global, alias, goesOn }) => {
    const [ed25519, rsa] = [newKeyPair(), newKeyPair({ type: 'rsa' })];
    const server = await sshd({ hostKeys: [ed25519.private, rsa.private], exec: () => 0 });
    const keyOf = ({ public: line }: { public: string }): string => line.split(' ').slice(0, 2).join(' ');
    const scene = { own: keyOf(ed25519), rsa: keyOf(rsa), other: keyOf(newKeyPair()), port: server.port };
    const directory = scratch();
    const [userFile, globalFile] = [join(directory, 'user'), join(directory, 'global')];
    writeFileSync(userFile, `${known(scene)}\n`);
    writeFileSync(globalFile, `${global?.(scene) ?? ''}\n`);
    const lines = [
      `HostName ${server.host}`,
      `Port ${server.port}`,
      'User core',
      `UserKnownHostsFile ${userFile}`,
      `GlobalKnownHostsFile ${globalFile}`,
      ...(alias === undefined ? [] : [`HostKeyAlias ${alias}`]),
    ];
    const configFile = sshConfig(`Host node\n  ${lines.join('\n  ')}\n`);
    expect(await sshGoesOn(configFile), 'ssh').toBe(goesOn);
    const connection = dial(server, { target: { host: 'node' }, configFile, policy: 'strict' });
    if (goesOn) await expect(connection, 'we').resolves.toBeDefined();
    else await expect(connection, 'we').rejects.toMatchObject({ code: 'host-key-refused' });
  });
});

/** Whether it is satisfied with the host key; what comes after is not asked. */
function sshGoesOn(configFile: string): Promise<boolean> {
  const options = ['-F', configFile, '-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=yes', '-n', 'node', 'true'];
  return new Promise((resolve, reject) => {
    execFile('ssh', options, (error, _stdout, stderr) => {
      if (!error) resolve(true);
      else if (stderr.includes('Host key verification failed')) resolve(false);
      else reject(new Error(stderr, { cause: error }));
    });
  });
}
