import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AcceptedFile, type AcceptedFlags, KUBERNETES_COMPONENTS } from '../../src/config/accepted-flags.js';
import { buildCommands, goInputs } from './go-product.js';
import { type GoSoftware, kubernetes } from './go-software.js';
import { fileInputs, type Product } from './product.js';
import { runCommand } from './run-command.js';

const SOURCES = join(import.meta.dirname, '../accepted-flags');
const MODULE = 'k8s-diskless.test/lab/accepted-flags';
/** What there is in the product. */
export const ACCEPTED_FILE = 'accepted.json';

/** What the components of a minor such as `1.37` accept, asked of programs that are linked as they are. */
export function acceptedFlags(minor: string): Product {
  const programs = askingPrograms(minor);
  return {
    name: programs.name,
    inputs: async () => [
      ...(await goInputs(programs)),
      ...(await fileInputs(SOURCES, ['.'])),
      ...(await fileInputs(import.meta.dirname, ['accepted-flags.ts'])),
    ],
    build: async (context) => {
      const output = join(context.work, 'programs');
      await mkdir(output);
      const version = await buildCommands(programs, { ...context, output });
      const reports: [string, AcceptedFlags][] = [];
      for (const component of KUBERNETES_COMPONENTS) {
        const answer = await runCommand({ command: join(output, component), args: [], signal: context.signal });
        reports.push([component, JSON.parse(answer)]);
      }
      await writeFile(join(context.output, ACCEPTED_FILE), textOf(version, reports));
      return { version };
    },
  };
}

function askingPrograms(minor: string): GoSoftware {
  const { name: folder, ...rest } = kubernetes(minor);
  return {
    ...rest,
    name: `accepted-flags-${minor}`,
    folder,
    packages: KUBERNETES_COMPONENTS.map((component) => `${MODULE}/${component}`),
    // Beside it: what our own packages import would else be chosen, and compiled, as what the main module requires.
    addPackages: (module) =>
      appendFile(join(module, 'go.mod'), `\nrequire ${MODULE} v0.0.0\n\nreplace ${MODULE} => ${SOURCES}\n`),
  };
}

/** A name in each line, so that two minors can be compared. */
function textOf(kubernetes: string, reports: readonly [string, AcceptedFlags][]): string {
  const isShared = (name: string): boolean =>
    new Set(reports.map(([, { gates }]) => JSON.stringify(gates[name]))).size === 1;
  const gatesOf = ({ gates }: AcceptedFlags, shared: boolean) =>
    Object.fromEntries(Object.entries(gates).filter(([name]) => isShared(name) === shared));
  const [[, first] = ['', { flags: [], gates: {} }]] = reports;
  const file = {
    kubernetes,
    gates: gatesOf(first, true),
    components: Object.fromEntries(
      reports.map(([component, report]) => [component, { flags: report.flags, gates: gatesOf(report, false) }]),
    ),
  } as AcceptedFile;
  const oneLine = (_gate: string, fields: string): string => `{ ${fields.replace(/\s+/g, ' ')} }`;
  return `${JSON.stringify(file, null, 1).replace(/\{\s+("stage": [^}]*?)\s+\}/g, oneLine)}\n`;
}
