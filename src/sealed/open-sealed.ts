import { open } from 'node:fs/promises';
import { readIn } from './read-in.js';
import { isSealed, SEAL_BYTES, type UnsealWith, unseal } from './unseal.js';
import { notUsable } from './write-out.js';

/** Asks for what opens a file: a person may have to type it. */
export type UnsealAsked = () => Promise<UnsealWith>;

export interface OpenSealedOptions {
  /** Path. */
  file: string;
  /** Asked only where it is sealed. */
  unsealWith: UnsealAsked;
  signal: AbortSignal;
}

/** What is in a file, sealed or plain. @throws usage error `out-not-usable`; `unseal`'s, while it is read */
export async function openSealed({ file, unsealWith, signal }: OpenSealedOptions): Promise<AsyncIterable<Uint8Array>> {
  const beginning = await readBeginning(file);
  const chunks = readIn(file, signal);
  return isSealed(beginning) ? unseal({ file, chunks, key: await unsealWith() }) : chunks;
}

/** Whether something is needed to open it. @throws as `openSealed` */
export const isSealedFile = async (file: string): Promise<boolean> => isSealed(await readBeginning(file));

async function readBeginning(file: string): Promise<Uint8Array> {
  try {
    const handle = await open(file);
    const read = handle.read(Buffer.alloc(SEAL_BYTES), 0, SEAL_BYTES, 0).finally(() => handle.close());
    const { buffer, bytesRead } = await read;
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    throw notUsable(file, error);
  }
}
