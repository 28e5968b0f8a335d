import { createHash, randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { type ExecHandler, realShell } from '../helpers/fake-sshd-exec.js';
import { dial, failure, sshd } from './harness.js';

const label = 'try';

/** Ends when the client closes the channel. */
const untilClosed: ExecHandler = ({ stdin, closed }) => {
  stdin.resume();
  return new Promise((resolve) => closed.addEventListener('abort', () => resolve('no-status'), { once: true }));
};

describe('exec', () => {
  it('gives output, errors, code and label', async () => {
    const server = await sshd({ exec: realShell() });
    const connection = await dial(server);
    const result = await connection.exec('cat; echo oh >&2; exit 3', { label, input: 'grüße\n' });
    expect(result).toEqual({
      host: 's4',
      label,
      exitCode: 3,
      signal: null,
      stdout: 'grüße\n',
      stderr: 'oh\n',
      durationMs: expect.any(Number),
    });
  });

  it('closes stdin where there is no input', async () => {
    const connection = await dial(await sshd({ exec: realShell() }));
    expect(await connection.exec('cat && echo done', { label })).toMatchObject({ exitCode: 0, stdout: 'done\n' });
  });

  it('tells a signal', async () => {
    const connection = await dial(await sshd({ exec: realShell() }));
    expect(await connection.exec('kill -KILL $$', { label })).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
  });

  it('takes an end without a status for a value too', async () => {
    const connection = await dial(await sshd({ exec: () => 'no-status' }));
    expect(await connection.exec('x', { label })).toMatchObject({ exitCode: null, signal: null });
  });

  it('carries megabytes both ways', async () => {
    const connection = await dial(await sshd({ exec: realShell() }));
    const input = randomBytes(5 * 1024 * 1024).toString('hex');
    const { stdout } = await connection.exec('cat', { label, input });
    expect(createHash('sha256').update(stdout).digest('hex')).toBe(createHash('sha256').update(input).digest('hex'));
  });

  it('does not mind a process that leaves its input unread', async () => {
    const connection = await dial(await sshd({ exec: realShell() }));
    const result = await connection.exec('exec <&-; exit 4', { label, input: Buffer.alloc(8 * 1024 * 1024) });
    expect(result.exitCode).toBe(4);
  });

  it('keeps the beginning and the end of a flood on stderr', async () => {
    const connection = await dial(await sshd({ exec: realShell() }));
    const flood = 'echo first >&2; head -c 2000000 /dev/zero | tr "\\0" x >&2; echo last >&2';
    const { stderr } = await connection.exec(flood, { label });
    expect(stderr).toMatch(/^first\n/);
    expect(stderr).toMatch(/last\n$/);
    expect(stderr).toMatch(/\[\d+ bytes left out\]/);
    expect(stderr.length).toBeLessThan(500_000);
  });

  it('gives up on more output than any answer has', async () => {
    const connection = await dial(await sshd({ exec: realShell() }));
    const error = await failure(connection.exec('cat /dev/zero', { label }));
    expect(error).toMatchObject({ code: 'output-too-large', host: 's4' });
  });

  it('runs no more than eight at a time', async () => {
    const server = await sshd({ exec: realShell(), faults: { maxSessions: 8 } });
    const connection = await dial(server);
    const all = Array.from({ length: 30 }, (_, index) => connection.exec(`echo ${index}`, { label }));
    expect((await Promise.all(all)).map(({ stdout }) => Number(stdout))).toEqual(all.map((_, index) => index));
    expect(server.sessionsPeak).toBe(8);
  });

  it.each([1, 2, 3])('is content with %i at a time, where the server opens no more', async (maxSessions) => {
    const server = await sshd({ exec: realShell(), faults: { maxSessions } });
    const connection = await dial(server);
    const all = Array.from({ length: 12 }, (_, index) => connection.exec(`echo ${index}`, { label }));
    expect((await Promise.all(all)).map(({ stdout }) => Number(stdout))).toEqual(all.map((_, index) => index));
  });

  it.each([
    [1, false],
    [2, true],
  ])('knows of a server that opens %i whether that is more than one', async (maxSessions, expected) => {
    const connection = await dial(await sshd({ exec: realShell(), faults: { maxSessions } }));
    const command = connection.exec('cat >/dev/null; sleep 0.1', { label });
    expect(await connection.opensAnother(command)).toBe(expected);
    await command;
    // Its own question has not stayed open.
    expect((await connection.exec('echo on', { label })).stdout).toBe('on\n');
  });

  it('says so when the server opens no session', async () => {
    const connection = await dial(await sshd({ exec: realShell(), faults: { maxSessions: 0 } }));
    expect(await failure(connection.exec('true', { label }))).toMatchObject({
      code: 'channel-refused',
      host: 's4',
      hint: expect.stringContaining('MaxSessions'),
    });
  });

  it('says so when the server runs no commands', async () => {
    const connection = await dial(await sshd({ exec: realShell(), faults: { refuseExec: true } }));
    expect(await failure(connection.exec('true', { label }))).toMatchObject({ code: 'exec-refused', host: 's4' });
  });
});

describe('time limit and abort', () => {
  it('closes the channel when the time is up', async () => {
    let closed = () => {};
    const remoteClosed = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const connection = await dial(
      await sshd({
        exec: async (exec) => {
          const exit = await untilClosed(exec);
          closed();
          return exit;
        },
      }),
    );
    const error = await failure(connection.exec('sleep 60', { label, timeoutMs: 50 }));
    expect(error).toMatchObject({ code: 'timeout', host: 's4', message: 'try: not finished after 0.05 s' });
    await remoteClosed;
  });

  it('counts the time spent waiting for a free session', async () => {
    const connection = await dial(await sshd({ exec: untilClosed }));
    const busy = await Promise.all(Array.from({ length: 8 }, () => connection.open('sleep', { label })));
    expect(await failure(connection.exec('true', { label, timeoutMs: 50 }))).toMatchObject({ code: 'timeout' });
    for (const process of busy) process.kill();
    await Promise.all(busy.map((process) => process.result));
  });

  it('stops a running command by its signal, and leaves the others', async () => {
    const server = await sshd({ exec: (exec) => (exec.command === 'quick' ? 0 : untilClosed(exec)) });
    const connection = await dial(server);
    const controller = new AbortController();
    const running = failure(connection.exec('slow', { label, signal: controller.signal }));
    await connection.exec('quick', { label });
    controller.abort();
    expect(await running).toMatchObject({ code: 'aborted', exit: 130 });
    expect((await connection.exec('quick', { label })).exitCode).toBe(0);
  });

  it('does not even start when it was aborted before', async () => {
    const server = await sshd({ exec: () => 0 });
    const connection = await dial(server);
    const error = await failure(connection.exec('x', { label, signal: AbortSignal.abort() }));
    expect(error).toMatchObject({ code: 'aborted' });
    expect(server.commands).toEqual([]);
  });
});

describe('open', () => {
  it('gives live streams', async () => {
    const connection = await dial(await sshd({ exec: realShell() }));
    const process = await connection.open('while read line; do echo "got $line"; done; exit 5', { label });
    const output = process.stdout[Symbol.asyncIterator]();
    for (const word of ['one', 'two']) {
      process.stdin.write(`${word}\n`);
      expect(String((await output.next()).value)).toBe(`got ${word}\n`);
    }
    process.stdin.end();
    expect(await process.result).toMatchObject({ exitCode: 5, stdout: '' });
  });

  it('settles although nobody reads stdout', async () => {
    const connection = await dial(await sshd({ exec: realShell() }));
    const process = await connection.open('echo hello; exit 6', { label });
    expect((await process.result).exitCode).toBe(6);
    expect(await text(process.stdout)).toBe('hello\n');
  });

  it('lets a reader stop early without holding up the process', async () => {
    const connection = await dial(await sshd({ exec: realShell() }));
    const process = await connection.open('head -c 6000000 /dev/zero; exit 7', { label });
    for await (const chunk of process.stdout) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    expect((await process.result).exitCode).toBe(7);
  });

  it('answers a write to a process that has ended', async () => {
    const connection = await dial(await sshd({ exec: () => 0 }));
    const process = await connection.open('x', { label });
    await process.result;
    const error = await new Promise((resolve) => process.stdin.write('late', resolve));
    expect(error).toMatchObject({ code: 'process-ended' });
  });
});

describe('loss', () => {
  it.each(['dropAll', 'reboot'] as const)('fails what runs when the server is gone (%s)', async (how) => {
    const server = await sshd({ exec: untilClosed });
    const connection = await dial(server);
    const process = await connection.open('sleep', { label });
    const running = failure(connection.exec('sleep', { label }));
    const reading = failure(text(process.stdout));
    const writing = new Promise((resolve) => process.stdin.write(Buffer.alloc(10_000_000), resolve));
    await server.seenCommands(2);
    server[how]();
    const lost = { code: 'connection-lost', host: 's4', exit: 4 };
    expect(await connection.closed).toMatchObject(lost);
    expect(await running).toMatchObject(lost);
    expect(await reading).toMatchObject(lost);
    expect(await writing).toMatchObject(lost);
    expect(await failure(process.result)).toMatchObject(lost);
    expect(await failure(connection.exec('true', { label }))).toMatchObject(lost);
    expect(await failure(connection.forward('127.0.0.1', 1))).toMatchObject(lost);
    process.kill();
    process.stdin.end();
  });

  it('notices silence', async () => {
    const server = await sshd({ exec: untilClosed });
    const connection = await dial(server, { keepalive: { intervalMs: 100, countMax: 3 } });
    const running = failure(connection.exec('sleep', { label }));
    await server.seenCommands(1);
    server.stallAll();
    expect(await connection.closed).toMatchObject({
      code: 'connection-lost',
      message: expect.stringContaining('0.3 s'),
    });
    expect(await running).toMatchObject({ code: 'connection-lost' });
  });

  it('lives on as long as the server answers its pings', async () => {
    const connection = await dial(await sshd({ exec: realShell() }), { keepalive: { intervalMs: 50, countMax: 3 } });
    expect((await connection.exec('sleep 0.5', { label })).exitCode).toBe(0);
  });

  it('leaves the output of a process that had ended readable', async () => {
    const server = await sshd({ exec: realShell() });
    const connection = await dial(server);
    const process = await connection.open('head -c 3000000 /dev/zero', { label });
    await process.result;
    server.dropAll();
    await connection.closed;
    expect((await text(process.stdout)).length).toBe(3_000_000);
  });

  it('survives a drop in the midst of a transfer', async () => {
    const server = await sshd({ exec: realShell(), faults: { dropAfterBytes: 1_000_000 } });
    const connection = await dial(server);
    const error = await failure(connection.exec('cat >/dev/null', { label, input: Buffer.alloc(5_000_000) }));
    expect(error).toMatchObject({ code: 'connection-lost' });
  });
});

describe('end', () => {
  it('closes without a reason, and fails what comes later', async () => {
    const server = await sshd({ exec: untilClosed });
    const connection = await dial(server);
    const running = failure(connection.exec('sleep', { label }));
    connection.end();
    connection.end();
    expect(await connection.closed).toBeUndefined();
    expect(await running).toMatchObject({ code: 'connection-closed' });
    expect(await failure(connection.exec('true', { label }))).toMatchObject({ code: 'connection-closed' });
  });

  it('does not wait for a server that has gone silent', async () => {
    const server = await sshd({ exec: untilClosed });
    const connection = await dial(server);
    server.stallAll();
    connection.end();
    expect(await connection.closed).toBeUndefined();
  });
});
