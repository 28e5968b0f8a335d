import { readFile, readlink, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readDataUrl } from '../../src/boot/ignition/data-url.js';
import { type Ignition, ignitionSchema } from '../../src/boot/ignition/schema.js';
import { renderBoot } from '../../src/boot/render.js';
import { temporaryDirectory } from '../artifacts/fixtures.js';
import { applyIgnition } from './helpers/ignition-apply.js';
import { ignitionValidator } from './helpers/ignition-validate.js';
import { VARIANTS } from './variants.js';

/** What is written, without users: those need the programs of a whole system. */
const configs = Object.entries(VARIANTS).flatMap(([variant, plan]) =>
  renderBoot(plan).flatMap(({ name, kind, text }) => {
    if (kind !== 'ignition') return [];
    const { passwd: _users, ...config } = ignitionSchema.parse(JSON.parse(text));
    return [{ title: `${variant}/${name}`, config }];
  }),
);

describe('Ignition itself makes of it what is meant', () => {
  let ignition: string;
  beforeAll(async () => {
    ignition = join(dirname(await ignitionValidator()), 'ignition');
  });

  test.each(configs)('$title', async ({ config }) => {
    const root = await applyIgnition(ignition, config, temporaryDirectory());
    const { storage, systemd } = config as Ignition;
    for (const { path, contents, mode } of storage?.files ?? []) {
      expect(await readFile(join(root, path), 'utf8')).toBe(readDataUrl(contents?.source ?? ''));
      expect((await stat(join(root, path))).mode & 0o7777).toBe(mode);
    }
    for (const { path } of storage?.directories ?? []) expect((await stat(join(root, path))).isDirectory()).toBe(true);
    const units = systemd?.units ?? [];
    const at = (...names: string[]): string => join(root, 'etc/systemd/system', ...names);
    for (const { name, mask, contents, dropins = [] } of units) {
      if (mask) expect(await readlink(at(name))).toBe('/dev/null');
      if (contents) expect(await readFile(at(name), 'utf8')).toBe(contents);
      for (const dropin of dropins) expect(await readFile(at(`${name}.d`, dropin.name), 'utf8')).toBe(dropin.contents);
    }
    const enabled = units.flatMap(({ name, enabled: on }) => (on ? [`enable ${name}`] : []));
    const presets = await readFile(join(root, 'etc/systemd/system-preset/20-ignition.preset'), 'utf8').catch(() => '');
    // Ignition has them in no order.
    expect(presets.split('\n').filter(Boolean).toSorted()).toEqual(enabled.toSorted());
  });
});
