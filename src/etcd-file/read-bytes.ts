import { readSync } from 'node:fs';
import { damaged } from './damaged.js';

/**
 * Exactly these bytes of a file. In place of a promise for each: a page lies in the operating system's cache or comes in
 * well under a millisecond, and there are tens of thousands.
 */
export function readBytes(fd: number, position: number, length: number, place: string): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let done = 0; done < length; ) {
    const read = readOnce(fd, bytes, done, position, place);
    if (read === 0) throw damaged(place, 'ends early: the file is shorter than it was');
    done += read;
  }
  return bytes;
}

function readOnce(fd: number, bytes: Buffer, done: number, position: number, place: string): number {
  try {
    return readSync(fd, bytes, done, bytes.length - done, position + done);
  } catch (error) {
    throw damaged(place, 'cannot be read', error);
  }
}
