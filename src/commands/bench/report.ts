import { type Analysis, analyse } from '../../bench/analysis/analyse.js';
import { csvReport } from '../../bench/report/csv.js';
import { htmlReport } from '../../bench/report/html/page.js';
import { jsonReport } from '../../bench/report/json.js';
import { markdownReport } from '../../bench/report/markdown.js';
import { terminalReport } from '../../bench/report/terminal.js';
import { EXIT } from '../../errors.js';
import type { StateFlags } from '../options.js';
import { REPORT_FORMATS, type ReportFormat } from './formats.js';
import { formatOf, textSurface, writeOutput } from './output.js';
import { openRun } from './runs.js';

export interface ReportFlags extends StateFlags {
  format?: ReportFormat;
  out?: string;
}

export async function reportCommand(run: string, flags: ReportFlags): Promise<number> {
  const analysis = analyse(await openRun(run, flags));
  const render: Record<ReportFormat, (analysis: Analysis) => string> = {
    terminal: (each) => `${terminalReport(each, textSurface(flags.out)).join('\n')}\n`,
    csv: csvReport,
    md: markdownReport,
    html: htmlReport,
    json: jsonReport,
  };
  await writeOutput(render[formatOf(flags.format, flags.out, REPORT_FORMATS)](analysis), flags.out);
  return EXIT.done;
}
