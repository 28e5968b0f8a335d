import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emptyLab, withNodes } from './plan.js';
import { renderSshConfig } from './ssh-config.js';

const lab = withNodes(emptyLab({ name: 'unit', index: 0, hasRouter: false }), [
  { name: 'jump', options: ['jump'] },
  { name: 's5', options: ['hidden', 'ssh-port=2222'] },
]);

/** What OpenSSH itself makes of the file. */
describe('ssh config of a lab', () => {
  const directory = mkdtempSync(join(tmpdir(), 'lab-ssh-config-'));
  const file = join(directory, 'ssh_config');
  const effective = (host: string) => execFileSync('ssh', ['-F', file, '-G', host], { encoding: 'utf8' }).split('\n');

  beforeAll(() => writeFileSync(file, renderSshConfig(lab, '/run/key')));
  afterAll(() => rmSync(directory, { recursive: true }));

  it('leads to a node in the open directly', () => {
    const settings = effective('jump');
    expect(settings).toEqual(
      expect.arrayContaining(['hostname 10.146.225.200', 'port 22', 'user core', 'identityfile /run/key']),
    );
    expect(settings).not.toContainEqual(expect.stringMatching(/^proxyjump /));
  });

  it('leads to a hidden node through the jump host, to the port it listens at', () => {
    const settings = effective('s5');
    expect(settings).toEqual(
      expect.arrayContaining(['hostname 10.148.225.5', 'port 2222', 'proxyjump jump', 'identitiesonly yes']),
    );
  });
});
