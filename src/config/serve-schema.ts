import { z } from 'zod';
import { listenAddress } from './boot-scalars.js';
import * as scalar from './scalars.js';
import { type Decided, type Section, setting } from './setting.js';

/* The section `serve`: what keeps a cluster without anybody typing; see schema.ts. */

/** Which host keys of rebooted control planes an unattended run believes. */
export const TRUSTS = ['proven', 'per-boot'] as const;
export type Trust = (typeof TRUSTS)[number];
export const PAGE_LISTEN = '127.0.0.1:8400';
export const SNAPSHOT_EVERY_MS = 300_000;
/** Each reads all that etcd has. */
const SHORTEST_MS = 10_000;
const snapshotEvery = scalar.duration
  .refine((ms) => ms >= SHORTEST_MS, 'must be 10s or more')
  .meta({ title: 'duration' });

/** Nothing is decided before it is used, as in the section `boot`. */
const page = {
  listen: setting(listenAddress, {
    text: 'Where the page is. On other than loopback addresses it needs the three files.',
    otherwise: PAGE_LISTEN,
  }),
  tokenFile: setting(scalar.path, {
    text: 'File with the token that the page asks for, of mode 0600.',
    otherwise: 'it asks for none',
  }),
  tlsCertFile: setting(scalar.path, { text: "The page's certificate, with those that signed it, in PEM." }),
  tlsKeyFile: setting(scalar.path, { text: 'The key of that.' }),
} satisfies Section;

export const serve = {
  trust: setting(z.enum(TRUSTS), {
    heading: 'Serving',
    text: 'Which host keys `serve` believes of control planes that were rebooted. proven: that of the boot before, pinned, or in known_hosts; per-boot: the first of each boot.',
    otherwise: 'proven',
  }),
  identity: setting(scalar.path, {
    text: 'SSH private key that `serve` logs in with, without a passphrase: no agent and no terminal is there at night.',
    otherwise: 'what the SSH config and an agent give',
  }),
  snapshotEvery: setting(snapshotEvery, {
    text: 'Time between two snapshots while `serve` runs, whoever took the last one. 10s at least.',
    otherwise: '5m',
  }),
  page,
} satisfies Section;

/** The section as it is recorded; paths are absolute. */
export type ServeConfig = Decided<typeof serve>;
