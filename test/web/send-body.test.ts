import { type FileHandle, open } from 'node:fs/promises';
import { expect, test, vi } from 'vitest';
import type { Content } from '../../src/web/content.js';
import { openBody } from '../../src/web/send-body.js';

test('a file that cannot even be looked at is closed, and said to have changed', async () => {
  const probe = await open(import.meta.filename);
  await probe.close();
  let opened: FileHandle | undefined;
  vi.spyOn(Object.getPrototypeOf(probe) as FileHandle, 'stat').mockImplementationOnce(async function (
    this: FileHandle,
  ) {
    opened = this;
    throw Object.assign(new Error('i/o error'), { code: 'EIO' });
  });
  const content = { name: 'images/kernel', size: 10, body: { path: import.meta.filename, mtimeMs: 0, ino: 1 } };
  await expect(openBody(content as Content, 0, 9)).rejects.toMatchObject({
    code: 'served-file-changed',
    message: expect.stringContaining('EIO'),
  });
  expect(opened?.fd).toBe(-1);
});
