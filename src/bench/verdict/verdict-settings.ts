import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { didYouMean } from '../../config/suggest.js';
import { packageFile } from '../../package-files.js';
import { METRIC_IDS } from '../analysis/metric-ids.js';
import { readSettings } from '../preset/settings-file.js';

const PACKAGED = fileURLToPath(packageFile('bench/verdicts.yaml'));

const metricId = z.string().superRefine((id, context) => {
  if (METRIC_IDS.includes(id)) return;
  const help = didYouMean(id, METRIC_IDS) ?? 'bench report --format csv names them all';
  context.addIssue({ code: 'custom', message: `${JSON.stringify(id)} is not a metric; ${help}` });
});
const margin = z.number().positive();
const limits = z.record(metricId, z.number());

const verdictSettingsSchema = z.strictObject({
  alpha: z.number().positive().max(0.5),
  margins: z.strictObject({ latency: margin, throughput: margin, share: margin }),
  headline: z.array(metricId).min(1),
  gate: z.strictObject({ slo: z.boolean(), neverStarted: z.int().min(0), atLeast: limits, atMost: limits }),
});
export type VerdictSettings = z.output<typeof verdictSettingsSchema>;

/** bench/verdicts.yaml, or a file of one's own, with single values replaced. @throws usage error (exit 2) */
export function loadVerdictSettings({
  file = PACKAGED,
  overrides = [],
}: {
  file?: string;
  overrides?: readonly string[];
} = {}): Promise<VerdictSettings> {
  const name = file === PACKAGED ? 'bench/verdicts.yaml' : file;
  return readSettings({ file, name, schema: verdictSettingsSchema, overrides });
}
