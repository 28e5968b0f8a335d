import { z } from 'zod';
import { presetSchema } from '../preset/preset-schema.js';
import { environmentSchema } from './environment-schema.js';
import { networkSchema } from './network-schema.js';
import { podsSchema } from './pods-schema.js';
import { apiSchema, dnsSchema, etcdSchema } from './requests-schema.js';
import { lagSchema, roundSchema } from './rounds-schema.js';
import { amount, text, timestamp } from './scalars.js';
import { RUN_FORMAT, RUN_SCHEMA } from './terms.js';

/* run.json: everything of one benchmark run. Every figure, drawing and verdict is made from it, at any later time. */

const observer = z.strictObject({
  /** Processor time of the operator's process during the run. */
  cpuSeconds: z.number().min(0),
  wallSeconds: z.number().positive(),
  maxResidentBytes: amount,
  eventLoopLagMs: lagSchema,
});

/** What a reader must know beside the figures. */
const finding = z.strictObject({
  severity: z.enum(['error', 'warning']),
  code: text,
  message: text,
  hint: text.nullable(),
});
export type Finding = z.output<typeof finding>;

const run = z.strictObject({
  format: z.literal(RUN_FORMAT),
  schema: z.literal(RUN_SCHEMA),
  /** Its start as a file name: 2026-11-20T10-15-30.123Z. */
  id: text,
  software: z.strictObject({ version: text, commit: text.nullable() }),
  startedAt: timestamp,
  endedAt: timestamp,
  outcome: z.enum(['complete', 'interrupted', 'failed']),
  /** What the random order of cells was drawn from. */
  seed: amount,
  preset: z.strictObject({
    /** Name or file. */
    name: text,
    values: presetSchema,
    /** What was changed of it, as given: `pods.count=100`. */
    overrides: z.array(text),
  }),
  environment: environmentSchema,
  /** What must be equal for two runs to be comparable, taken down at the time. */
  fingerprint: z.strictObject({ hash: text, fields: z.record(z.string(), z.string()) }),
  rounds: z.array(roundSchema),
  pods: podsSchema,
  network: networkSchema,
  api: apiSchema,
  dns: dnsSchema,
  etcd: etcdSchema,
  observer,
  findings: z.array(finding),
});

export type RunRecord = z.output<typeof run>;

export const runRecordSchema = run.superRefine((record, context) => {
  const problem = (path: (string | number)[], message: string): void =>
    void context.addIssue({ code: 'custom', path, message });
  const rounds = new Set(record.rounds.map(({ round }) => round));
  if (rounds.size !== record.rounds.length) problem(['rounds'], 'numbers a round twice');
  const sampled = ['pods', 'network', 'api', 'dns', 'etcd'] as const;
  for (const section of sampled) {
    for (const [index, { round }] of record[section].samples.entries())
      if (!rounds.has(round)) problem([section, 'samples', index, 'round'], `is ${round}, and there is no such round`);
  }
  const stages = record.pods.stages.join(' ');
  for (const [index, { at }] of record.pods.samples.entries()) {
    const has = record.pods.stages.every((stage) => at[stage] !== undefined);
    if (!has || Object.keys(at).length !== record.pods.stages.length)
      problem(['pods', 'samples', index, 'at'], `must hold the stages ${stages}`);
  }
});
