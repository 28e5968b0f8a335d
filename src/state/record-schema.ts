import { z } from 'zod';
import { nodeName, nodeSchema, specSchema } from '../config/spec.js';
import { UPGRADE_STAGES } from '../config/upgrade-stages.js';
import type { ClusterRecord, NodeRecord } from './records.js';

/*
 * What state files must hold to be believed. Loose: keys of a later release survive reading and writing by this one.
 */

const text = z.string().min(1);
const versions = z.looseObject({ kubernetes: text, etcd: text, cni: text, sandboxImage: text, dnsImage: text });
const texts = z.record(z.string(), z.string());

export const clusterRecordSchema: z.ZodType<ClusterRecord> = z.looseObject({
  clusterId: text,
  operator: z.looseObject({ id: text, generation: z.int().min(1), unproven: z.literal(true).optional() }),
  spec: specSchema,
  etcd: z.looseObject({
    incarnation: z.int().min(0),
    phase: z.enum(['none', 'bootstrapping', 'bootstrapped']),
    token: z.string(),
    members: z.array(nodeName),
    bootIds: texts,
    origin: z
      .looseObject({
        snapshot: text,
        phase: z.enum(['restoring', 'restored', 'replayed', 'kept']),
        alone: z.boolean().optional(),
        above: z.string().regex(/^\d+$/).optional(),
      })
      .optional(),
    discarded: z.array(nodeName).optional(),
    versionSince: z.int().min(1).optional(),
  }),
  leaving: z.array(nodeSchema).optional(),
  upgrade: z
    .looseObject({ from: versions, to: versions, stage: z.enum(UPGRADE_STAGES), nodesAtOnce: z.int().min(1) })
    .optional(),
  pki: z
    .looseObject({
      authorities: texts,
      serviceAccount: text,
      encryptionKeys: z.array(text),
      usersAuthority: text.optional(),
    })
    .optional(),
});

const hostKey = z.looseObject({ type: text, fingerprint: text });

/** jump-hosts.json: by their names in known_hosts. */
export const jumpHostsSchema = z.record(z.string(), hostKey);

export const nodeRecordSchema: z.ZodType<NodeRecord> = z.looseObject({
  name: nodeName,
  bootId: text,
  hostKey,
  nodeIp: text,
  arch: text,
  machine: z.looseObject({ macs: z.array(text), uuid: text.optional() }).optional(),
  etcdOnDisk: z.boolean().optional(),
});
