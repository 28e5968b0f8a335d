import { posix } from 'node:path';
import { z } from 'zod';

/*
 * The part of Ignition's specification that is written and merged here; what else a user's own file holds passes
 * through. https://coreos.github.io/ignition/configuration-v3_3/
 */

/** Permission bits in decimal, as JSON has no octal numbers. */
const mode = z.int().min(0).max(0o7777);
/** `/etc//hostname` is `/etc/hostname`, and Ignition reads no path that could be shorter. */
const absolutePath = z.string().regex(/^\//, { error: 'is not an absolute path' }).overwrite(shortened);
const unitName = z
  .string()
  .regex(/^[\w:.\\@-]+\.(service|socket|device|mount|automount|swap|target|path|timer|slice|scope)$/, {
    error: 'is not the name of a systemd unit',
  });

const resource = z.looseObject({
  source: z.string().nullable().optional(),
  compression: z.string().nullable().optional(),
});
const node = { path: absolutePath, overwrite: z.boolean().nullable().optional() };

const file = z.looseObject({ ...node, contents: resource.optional(), mode: mode.nullable().optional() });
const directory = z.looseObject({ ...node, mode: mode.nullable().optional() });
const link = z.looseObject({ ...node, target: z.string().nullable().optional() });

const dropIn = z.looseObject({ name: z.string().min(1), contents: z.string().nullable().optional() });
const unit = z.looseObject({
  name: unitName,
  enabled: z.boolean().nullable().optional(),
  mask: z.boolean().nullable().optional(),
  contents: z.string().nullable().optional(),
  dropins: z.array(dropIn).optional(),
});

const user = z.looseObject({ name: z.string().min(1), sshAuthorizedKeys: z.array(z.string()).optional() });
const group = z.looseObject({ name: z.string().min(1) });

/** Other files that come on top of this one, or in its place. */
const configs = z.looseObject({
  merge: z.array(resource).optional(),
  replace: resource.nullable().optional(),
});

export const ignitionSchema = z.looseObject({
  ignition: z.looseObject({
    version: z.string().regex(/^\d+\.\d+\.\d+$/, { error: 'is not a version such as 3.3.0' }),
    config: configs.nullable().optional(),
  }),
  passwd: z.looseObject({ users: z.array(user).optional(), groups: z.array(group).optional() }).optional(),
  storage: z
    .looseObject({
      files: z.array(file).optional(),
      directories: z.array(directory).optional(),
      links: z.array(link).optional(),
    })
    .optional(),
  systemd: z.looseObject({ units: z.array(unit).optional() }).optional(),
});

export type Ignition = z.infer<typeof ignitionSchema>;
export type IgnitionFile = z.infer<typeof file>;
export type IgnitionUnit = z.infer<typeof unit>;
export type IgnitionResource = z.infer<typeof resource>;

function shortened(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 ? normal.replace(/\/$/, '') : normal;
}
