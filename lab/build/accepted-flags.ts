import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type AcceptedFile,
  type AcceptedFlags,
  KUBERNETES_COMPONENTS,
  type KubernetesComponent,
} from '../../src/config/accepted-flags.js';
import { buildCommands, goInputs } from './go-product.js';
import { type GoSoftware, kubernetes } from './go-software.js';
import { fileInputs, type Product } from './product.js';
import { runCommand } from './run-command.js';

const SOURCES = join(import.meta.dirname, '../accepted-flags');
const MODULE = 'k8s-diskless.test/lab/accepted-flags';
/** What there is in the product. */
export const ACCEPTED_FILE = 'accepted.json';

/** What the components of a minor such as `1.37` accept, asked of programs that are linked as they are. */
export function acceptedFlagsProduct(minor: string): Product {
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
      const answers: [string, AcceptedFlags][] = [];
      for (const component of KUBERNETES_COMPONENTS) {
        const answer = await runCommand({ command: join(output, component), args: [], signal: context.signal });
        answers.push([component, JSON.parse(answer)]);
      }
      const text = acceptedText(version, Object.fromEntries(answers) as Answers);
      await writeFile(join(context.output, ACCEPTED_FILE), text);
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

type Answers = Readonly<Record<KubernetesComponent, AcceptedFlags>>;

/** The file of what the components answered. A name in each line, so that two minors can be compared. */
export function acceptedText(kubernetes: string, answers: Answers): string {
  const isShared = (name: string): boolean =>
    new Set(Object.values(answers).map(({ gates }) => JSON.stringify(gates[name]))).size === 1;
  const gatesOf = ({ gates }: AcceptedFlags, shared: boolean) =>
    Object.fromEntries(Object.entries(gates).filter(([name]) => isShared(name) === shared));
  const components = Object.entries(answers).map(([component, answer]) => {
    return [component, { flags: answer.flags, gates: gatesOf(answer, false) }];
  });
  const gates = gatesOf(answers['kube-apiserver'], true);
  const file = { kubernetes, gates, components: Object.fromEntries(components) } satisfies AcceptedFile;
  const oneLine = (_gate: string, fields: string): string => `{ ${fields.replace(/\s+/g, ' ')} }`;
  return `${JSON.stringify(file, null, 1).replace(/\{\s+("stage": [^}]*?)\s+\}/g, oneLine)}\n`;
}
