import { chmodSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { realShell } from '../helpers/fake-sshd-exec.js';
import { dial, failure, scratch, sshd } from './harness.js';

const label = 'try';

/** A PATH with an `id` that answers the given uid, and a `sudo` that is the given script. */
function node({ uid, sudo }: { uid: number; sudo?: string }): NodeJS.ProcessEnv {
  const directory = scratch();
  const script = (name: string, body: string) => {
    writeFileSync(join(directory, name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(directory, name), 0o755);
  };
  for (const tool of ['cat', 'echo', 'env']) symlinkSync(`/bin/${tool}`, join(directory, tool));
  script('id', `echo ${uid}`);
  if (sudo !== undefined) script('sudo', sudo);
  return { PATH: directory, AS: 'core' };
}

/** sudo as far as it matters: checks its arguments, then runs the rest as "root". */
const GOOD_SUDO = '[ "$1 $2" = "-n --" ] || exit 99; shift 2; AS=root exec "$@"';

async function connectTo(env: NodeJS.ProcessEnv) {
  const server = await sshd({ exec: realShell({ env }) });
  return { server, connection: await dial(server) };
}

describe('root', () => {
  it('goes through sudo in a single command', async () => {
    const { server, connection } = await connectTo(node({ uid: 1000, sudo: GOOD_SUDO }));
    const result = await connection.exec('echo "$AS it\'s me"; echo oops >&2; cat; exit 3', {
      label,
      root: true,
      input: 'input\n',
    });
    expect(result).toMatchObject({ exitCode: 3, stdout: "root it's me\ninput\n", stderr: 'oops\n' });
    expect(server.commands).toHaveLength(1);
  });

  it('needs no sudo when the user is root', async () => {
    const { connection } = await connectTo(node({ uid: 0 }));
    expect(await connection.exec('echo "$AS"; exit 1', { label, root: true })).toMatchObject({
      exitCode: 1,
      stdout: 'core\n',
      stderr: '',
    });
  });

  it('is not asked for without need', async () => {
    const { connection } = await connectTo(node({ uid: 1000 }));
    expect((await connection.exec('echo "$AS"', { label })).stdout).toBe('core\n');
  });

  it.each([
    'echo "sudo: a password is required" >&2; exit 1',
    'echo "sudo: ein Passwort ist notwendig" >&2; exit 1',
    'exit 1',
  ])('tells a sudo that asks for a password, in any language: %s', async (sudo) => {
    const { connection } = await connectTo(node({ uid: 1000, sudo }));
    const error = await failure(connection.exec('echo hello', { label, root: true }));
    expect(error).toMatchObject({ code: 'sudo-needs-password', host: 's4', hint: expect.stringContaining('NOPASSWD') });
    if (sudo.includes('echo')) expect(error.detail).toMatch(/^sudo: /);
  });

  it('tells the same of an open process, whose streams just end', async () => {
    const { connection } = await connectTo(node({ uid: 1000, sudo: 'exit 1' }));
    const process = await connection.open('cat', { label, root: true });
    for await (const chunk of process.stdout) expect(chunk).toBe('nothing');
    expect(await failure(process.result)).toMatchObject({ code: 'sudo-needs-password' });
  });

  it('tells a missing sudo', async () => {
    const { connection } = await connectTo(node({ uid: 1000 }));
    expect(await failure(connection.exec('echo hello', { label, root: true }))).toMatchObject({
      code: 'sudo-missing',
      host: 's4',
      hint: expect.stringContaining('root'),
    });
  });

  it('lets warnings of sudo stand beside the words of the command', async () => {
    const sudo = `echo "sudo: unable to resolve host s4" >&2; ${GOOD_SUDO}`;
    const { connection } = await connectTo(node({ uid: 1000, sudo }));
    const { stderr } = await connection.exec('echo mine >&2', { label, root: true });
    expect(stderr).toBe('sudo: unable to resolve host s4\nmine\n');
  });

  it('does not take the command’s own failure for one of sudo', async () => {
    const { connection } = await connectTo(node({ uid: 1000, sudo: GOOD_SUDO }));
    const result = await connection.exec('echo "sudo: a password is required" >&2; exit 1', { label, root: true });
    expect(result).toMatchObject({ exitCode: 1, stderr: 'sudo: a password is required\n' });
  });
});
