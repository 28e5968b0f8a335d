import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { parseSshG } from '../../../src/ssh/ssh-g-output.js';
import { scratch } from '../../ssh/harness.js';

const STAND_IN = fileURLToPath(new URL('ssh.sh', import.meta.url));

const CONFIG = `User fromfile
# a note

Host gate jump?
  HostName 10.0.0.1
  Port 2200
  User admin
  UserKnownHostsFile /a/known_hosts
Host * !node
  ProxyJump admin@gate:22
  HostKeyAlias alias
  ConnectTimeout 7
Host n*
  IdentityFile /keys/one
  IdentityFile /keys/two
  IdentitiesOnly yes
  ServerAliveInterval 5
  ServerAliveCountMax 4
Host *
  IdentityFile /keys/three
  IdentityAgent none
  UserKnownHostsFile none
  GlobalKnownHostsFile none
`;

it.each([['gate'], ['jump1'], ['node'], ['other'], ['node', '-l', 'me', '-p', '23']])(
  'the stand-in answers as ssh does: %s %s %s %s %s',
  (host, ...options) => {
    const file = join(scratch(), 'config');
    writeFileSync(file, CONFIG);
    const ask = (program: string) =>
      parseSshG(execFileSync(program, ['-G', '-F', file, ...options, '--', host], { encoding: 'utf8' }), host);
    expect(ask(STAND_IN)).toEqual(ask('ssh'));
  },
);

it('of no configuration too', () => {
  const ask = (program: string) =>
    parseSshG(execFileSync(program, ['-G', '-F', '/dev/null', '--', 's4'], { encoding: 'utf8' }), 's4');
  expect(ask(STAND_IN)).toEqual(ask('ssh'));
});

it('what it does not know it refuses', () => {
  const file = join(scratch(), 'config');
  writeFileSync(file, 'Match all\n');
  expect(() => execFileSync(STAND_IN, ['-G', '-F', file, '--', 's4'], { stdio: 'pipe' })).toThrow('keyword Match');
});
