import { describe, expect, it } from 'vitest';
import { readBootId } from '../../src/ssh/boot-id.js';
import { dial, sshd } from './harness.js';

describe('readBootId', () => {
  it('is what the kernel says', async () => {
    const server = await sshd({
      exec: ({ stdout }) => {
        stdout.write('11111111-2222\n');
        return 0;
      },
    });
    expect(await readBootId(await dial(server))).toBe('11111111-2222');
  });

  it.each([
    ['nothing was printed', '', 0],
    ['it ended with an error', 'half', 1],
    ['it was killed', 'half', { signal: 'KILL' }],
    ['it ended without a status', 'half', 'no-status' as const],
  ])('fails when %s', async (_title, output, exit) => {
    const server = await sshd({
      exec: ({ stdout, stderr }) => {
        stdout.write(output);
        stderr.write('cat: I/O error');
        return exit;
      },
    });
    const detail = 'cat: I/O error';
    await expect(readBootId(await dial(server))).rejects.toMatchObject({ code: 'boot-id-unread', detail });
  });
});
