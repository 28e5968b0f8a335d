import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { describe, expect, it } from 'vitest';
import type { DesiredFile } from '../../src/node/desired.js';
import { NOW, ONE_CONTROL_PLANE, openStore, openssl, specFor, THREE_NODES, temporaryPki } from './fixture.js';

const HIDDEN = 'no_header,no_version,no_serial,no_pubkey,no_sigdump';
/** Follow from the key, which is new in every run; that they are right is for `openssl verify` to say. */
const KEY_IDENTIFIERS = / *X509v3 (Subject|Authority) Key Identifier: *\n.*\n/g;

/** What openssl makes of a certificate, without anything that depends on its key. */
async function describeCertificate(path: string): Promise<string> {
  const text = await openssl('x509', '-in', path, '-noout', '-text', '-nameopt', 'RFC2253', '-certopt', HIDDEN);
  const lines = text.replaceAll(KEY_IDENTIFIERS, '').split('\n');
  return lines
    .map((line) => line.slice(8).trimEnd())
    .filter((line) => line !== '')
    .join('\n');
}

async function dumpCertificates(directory: string): Promise<string> {
  const folders = ['ca', 'leaves'];
  const files = await Promise.all(
    folders.map(async (folder) => (await readdir(join(directory, folder))).sort().map((name) => join(folder, name))),
  );
  const limit = pLimit(4);
  const parts = await Promise.all(files.flat().map((file) => limit(() => dumpPkiFile(directory, file))));
  return parts.join('\n');
}

async function dumpPkiFile(directory: string, file: string): Promise<string> {
  const mode = ((await stat(join(directory, file))).mode & 0o777).toString(8);
  const body = file.endsWith('.crt') ? `\n${await describeCertificate(join(directory, file))}` : '';
  return `## ${file} ${mode}${body}`;
}

function dumpFile({ path, mode }: DesiredFile): string {
  return `${mode.toString(8).padStart(4, '0')} ${path}`;
}

describe('certificate profiles', () => {
  it.each([
    { name: 'one-control-plane', nodes: ONE_CONTROL_PLANE },
    { name: 'three-control-planes', nodes: THREE_NODES },
  ])('$name: subjects, names, usages, lifetimes and destinations', async ({ name, nodes }) => {
    const spec = specFor(nodes);
    const directory = await temporaryPki();
    const store = await openStore(directory);
    await store.ensure({ spec, nodes });
    const delivered = spec.nodes.map(
      (node) => `## ${node.name} (${node.role})\n${store.nodeFiles({ spec, node }).map(dumpFile).join('\n')}`,
    );
    const text = `# Issued ${NOW.toISOString()}\n${await dumpCertificates(directory)}\n# On the nodes\n${delivered.join('\n')}\n`;
    await expect(text).toMatchFileSnapshot(`../golden/pki/${name}.txt`);
  });
});
