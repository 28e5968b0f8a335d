import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { nodeRequests, operatorRequests } from '../../src/pki/leaf-request.js';
import { leafFiles } from '../../src/pki/pki-files.js';
import type { PkiProfiles } from '../../src/pki/profile-schema.js';
import { loadProfiles } from '../../src/pki/profiles.js';
import { establishedPki, NOW, ONE_CONTROL_PLANE, openssl, specFor } from './fixture.js';

const PURPOSE = { serverAuth: 'sslserver', clientAuth: 'sslclient' } as const;
const AT = Math.floor(NOW.getTime() / 1000).toString();

/** Resolves when openssl accepts the certificate under every given condition, strictly by RFC 5280. */
function verify(directory: string, leaf: string, issuer: string, ...conditions: string[]): Promise<string> {
  const authority = join(directory, 'ca', `${issuer}.crt`);
  const certificate = join(directory, leafFiles(leaf).certificate);
  return openssl('verify', '-x509_strict', '-attime', AT, '-CAfile', authority, ...conditions, certificate);
}

describe('openssl verify', () => {
  const spec = specFor(ONE_CONTROL_PLANE);
  const node = ONE_CONTROL_PLANE.slice(0, 1);
  let profiles: PkiProfiles;

  beforeAll(async () => {
    profiles = await loadProfiles();
  });

  it('accepts every leaf for each of its purposes and names, and for no other purpose', async () => {
    const directory = await establishedPki();
    const requests = [...operatorRequests(profiles), ...nodeRequests({ profiles, spec, nodes: node })];
    expect(requests).toHaveLength(Object.keys(profiles.leaves).length);
    for (const { name, issuer, usages, sans } of requests) {
      for (const [usage, purpose] of Object.entries(PURPOSE)) {
        const verdict = verify(directory, name, issuer, '-purpose', purpose);
        if ((usages as string[]).includes(usage))
          await expect(verdict, `${name} as ${purpose}`).resolves.toContain('OK');
        else await expect(verdict, `${name} as ${purpose}`).rejects.toThrow();
      }
      for (const san of sans) {
        const condition = isIP(san) === 0 ? '-verify_hostname' : '-verify_ip';
        await expect(verify(directory, name, issuer, condition, san), `${name} for ${san}`).resolves.toContain('OK');
      }
    }
  });

  it('rejects a leaf under another authority, for another name, and after its end', async () => {
    const directory = await establishedPki();
    await expect(verify(directory, 'etcd-server@s4', 'kubernetes')).rejects.toThrow(/unable to get local issuer/);
    await expect(verify(directory, 'etcd-server@s4', 'etcd', '-verify_ip', '10.146.225.5')).rejects.toThrow(
      /IP address/,
    );
    const expired = String(Number(AT) + 366 * 86_400);
    await expect(verify(directory, 'admin', 'kubernetes', '-attime', expired)).rejects.toThrow(/expired/);
  });

  it('accepts what was issued now on a node whose clock is most of a day behind', async () => {
    const directory = await establishedPki();
    const slow = String(Number(AT) - 23 * 3600);
    await expect(verify(directory, 'kubelet-client@s4', 'kubernetes', '-attime', slow)).resolves.toContain('OK');
  });

  it('agrees that serial numbers are positive, 16 bytes long and all different', async () => {
    const directory = await establishedPki();
    const requests = nodeRequests({ profiles, spec, nodes: ONE_CONTROL_PLANE });
    const serials = await Promise.all(
      requests.map(async ({ name }) => {
        const certificate = await readFile(join(directory, leafFiles(name).certificate));
        return new X509Certificate(certificate).serialNumber;
      }),
    );
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/);
    expect(new Set(serials).size).toBe(requests.length);
  });
});
