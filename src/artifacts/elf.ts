import { open } from 'node:fs/promises';

const MACHINES: Record<number, string> = {
  3: '386',
  21: 'ppc64le',
  22: 's390x',
  40: 'arm',
  62: 'amd64',
  183: 'arm64',
  243: 'riscv64',
};

/** The architecture an ELF file was made for, by Go's names; undefined for what is no ELF file. */
export async function elfArchitecture(path: string): Promise<string | undefined> {
  const handle = await open(path, 'r');
  try {
    const header = Buffer.alloc(20);
    const { bytesRead } = await handle.read(header, 0, header.length, 0);
    if (bytesRead < header.length || header.readUInt32BE(0) !== 0x7f454c46) return undefined;
    // EI_DATA 2: big endian. e_machine follows the two bytes of e_type.
    const machine = header[5] === 2 ? header.readUInt16BE(18) : header.readUInt16LE(18);
    return MACHINES[machine] ?? `ELF machine ${machine}`;
  } finally {
    await handle.close();
  }
}
