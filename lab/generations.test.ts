import { expect, it } from 'vitest';
import { VERSION_TABLE } from '../src/config/version-table.js';
import { ensureBuilt } from './build/ensure-built.js';
import { GENERATIONS, generationOf } from './generations.js';

it('has both ends of the version table, and every minor between them', () => {
  expect(generationOf('newest')).toMatchObject({ kubernetes: `1.${VERSION_TABLE.at(-1)?.minor}`, system: 'newest' });
  expect(generationOf('oldest')).toMatchObject({ kubernetes: `1.${VERSION_TABLE[0]?.minor}`, system: 'oldest' });
  const minors = VERSION_TABLE.map(({ minor }) => `1.${minor}`);
  expect(GENERATIONS.map(({ name }) => name)).toEqual(['newest', 'oldest', ...minors]);
});

it('refuses another one before anything is built', async () => {
  const lines: string[] = [];
  const building = ensureBuilt({ generation: 'newes', progress: (line) => lines.push(line) });
  await expect(building).rejects.toMatchObject({
    code: 'lab-generation-unknown',
    message: 'the lab has no generation "newes"',
    hint: expect.stringContaining('newest'),
  });
  expect(lines).toEqual([]);
});

it('refuses to build anew what it does not build', async () => {
  const building = ensureBuilt({ rebuild: ['kubernets'], progress: () => {} });
  await expect(building).rejects.toMatchObject({ code: 'lab-unknown-product' });
});
