import { readdirSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ACCEPTED_FILES, acceptedFlags, KUBERNETES_COMPONENTS, readAccepted } from '../../src/config/accepted-flags.js';
import { VERSION_TABLE } from '../../src/config/version-table.js';

it('there is a list for each row of the version table, and no other', () => {
  expect(readdirSync(ACCEPTED_FILES).toSorted()).toEqual(VERSION_TABLE.map(({ minor }) => `1.${minor}.json`));
});

it('the lists are shipped', () => {
  const root = new URL('../../', import.meta.url);
  const { files } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
  expect(files).toContain(relative(fileURLToPath(root), fileURLToPath(ACCEPTED_FILES)));
});

describe.each(VERSION_TABLE)('the list of 1.$minor', ({ minor, kubernetes }) => {
  it('is that of the patch release which is the default', () => {
    expect(readAccepted(minor).kubernetes).toBe(kubernetes);
  });

  it.each(KUBERNETES_COMPONENTS)('has flags and feature gates of %s', (component) => {
    const { flags, gates } = acceptedFlags(minor, component);
    expect(flags).toEqual(expect.arrayContaining(['feature-gates', 'v']));
    expect(gates.AllAlpha).toEqual({ stage: 'alpha', default: false });
    for (const gate of Object.values(gates)) {
      expect(gate).toEqual({
        stage: expect.stringMatching(/^(alpha|beta|GA|deprecated)$/),
        default: expect.any(Boolean),
        ...('locked' in gate && { locked: true }),
      });
    }
  });
});
