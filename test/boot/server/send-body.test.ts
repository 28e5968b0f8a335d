import { type FileHandle, open } from 'node:fs/promises';
import { expect, test, vi } from 'vitest';
import type { Resource } from '../../../src/boot/server/resources.js';
import { openBody } from '../../../src/boot/server/send-body.js';

vi.mock('node:fs/promises', () => ({ open: vi.fn() }));

test('a file that cannot even be looked at is closed, and said to have changed', async () => {
  const close = vi.fn(async () => {});
  const stat = async () => Promise.reject(Object.assign(new Error('i/o error'), { code: 'EIO' }));
  vi.mocked(open).mockResolvedValue({ stat, close } as unknown as FileHandle);
  const resource = { name: 'images/kernel', size: 10, body: { path: '/kernel', mtimeMs: 0, ino: 1 } } as Resource;
  await expect(openBody(resource, 0, 9)).rejects.toMatchObject({
    code: 'boot-image-changed',
    message: expect.stringContaining('EIO'),
  });
  expect(close).toHaveBeenCalledOnce();
});
