const BLOCK = /-----BEGIN PGP [A-Z ]+-----\r?\n([\s\S]*?)-----END PGP [A-Z ]+-----/g;

/**
 * OpenPGP data as bytes: armoured blocks (RFC 4880 §6.2), one after the other, without their wrapping; anything else is
 * taken to be bytes already. gpgv reads only these.
 */
export function dearmor(data: Buffer): Buffer {
  const blocks = [...data.toString('latin1').matchAll(BLOCK)].map(([, inside = '']) => decodeBlock(inside));
  return blocks.length === 0 ? data : Buffer.concat(blocks);
}

/** Header lines end with an empty line; the line that begins with `=` is a checksum against copying errors. */
function decodeBlock(inside: string): Buffer {
  const lines = inside.split(/\r?\n/);
  const body = lines.slice(lines.indexOf('') + 1).filter((line) => !line.startsWith('='));
  return Buffer.from(body.join(''), 'base64');
}
