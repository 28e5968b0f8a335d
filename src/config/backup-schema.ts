import { z } from 'zod';
import * as scalar from './scalars.js';
import { type Section, setting } from './setting.js';

/* The section `backup`: which snapshots are kept, here and elsewhere; see schema.ts. */

const days = z.int().min(1).max(36_500);

export const backup = {
  keep: setting(z.int().min(1), {
    heading: 'Snapshots',
    text: 'Newest snapshots kept of each incarnation; before those one of each hour of the last day and one of each day are. The last one of each of the last five incarnations is kept whatever this says.',
    byDefault: 24,
  }),
  keepDays: setting(days, { text: 'Days after which they go.', byDefault: 30 }),
  copyTo: setting(z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]), {
    type: 'path, or command as a list of texts',
    text: 'Where every verified snapshot is copied to: a folder that exists, or a command that reads it on its standard input; K8S_DISKLESS_COPY_NAME is a name for it.',
    otherwise: 'nowhere',
    paths: (value, absolute) => (typeof value === 'string' ? absolute(value) : value),
  }),
  recipients: setting(z.array(scalar.ageRecipient).min(1), {
    type: 'list of `age1…`',
    text: 'Public keys of age that copies are sealed to.',
    otherwise: 'copies are not sealed, which backup.copyPlain has to allow',
  }),
  copyPlain: setting(z.boolean(), {
    text: 'Copies may be left open: whoever has one can read all objects in it.',
    byDefault: false,
  }),
  copyKeep: setting(z.int().min(1), {
    text: 'Newest copies kept of each incarnation in a folder; those before them, and the last one, as above.',
    byDefault: 24,
  }),
  copyKeepDays: setting(days, { text: 'Days after which copies in a folder go.', byDefault: 30 }),
} satisfies Section;
