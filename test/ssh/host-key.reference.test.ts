import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { entriesFor, parseKnownHosts } from '../../src/ssh/known-hosts.js';
import { generateKey } from '../helpers/ssh-tools.js';
import { scratch } from './harness.js';

it('finds a host in known_hosts as ssh-keygen hashes it', () => {
  const directory = scratch();
  const key = generateKey(directory, 'id');
  const path = join(directory, 'known_hosts');
  writeFileSync(path, ['s4', '[s4]:2222'].map((host) => `${host} ${key.public}\n`).join(''));
  execFileSync('ssh-keygen', ['-H', '-f', path], { stdio: 'ignore' });
  const known = parseKnownHosts([{ path, text: readFileSync(path, 'utf8') }]);
  for (const name of ['s4', '[s4]:2222']) expect(entriesFor(known, [name]), name).toHaveLength(1);
  expect(entriesFor(known, ['s5'])).toEqual([]);
});
