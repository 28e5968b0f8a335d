import { withHint } from '../errors.js';
import { escapeText } from '../web/escape-text.js';
import type { PageState } from './page-state.js';
import { summaryOf } from './summary.js';

/** The page as it is sent: what it shows without JavaScript stands in it. Pure. */
export function pageHtml(template: string, state: PageState): string {
  const title = state.status?.document.cluster ?? 'k8s-diskless';
  return filled(template, { title: escapeText(title), plain: plainHtml(state) });
}

/** @param problem why the form is shown again; absent the first time */
export function loginHtml(template: string, problem?: string): string {
  return filled(template, {
    problem: problem === undefined ? '' : `<p class="problem" role="alert">${escapeText(problem)}</p>`,
  });
}

/** `<!--name-->` stands for a value, which is markup. */
const filled = (template: string, values: Readonly<Record<string, string>>): string =>
  template.replace(/<!--(\w+)-->/g, (whole, name: string) => values[name] ?? whole);

function plainHtml(state: PageState): string {
  const summary = summaryOf(state);
  if (state.status === undefined || summary === undefined) return '<p>Nobody has looked at the cluster yet.</p>';
  const { takenAt, document } = state.status;
  const { voters, answering, hasQuorum } = summary.etcd;
  const rows = summary.nodes.map(({ name, role, state: word, kubelet, etcd, troubles }) =>
    row('td', [name, role, word, kubelet, etcd, troubles.join('; ')]),
  );
  const problems = document.problems.map(({ message, hint }) => element('li', escapeText(withHint(message, hint))));
  return [
    element('h1', escapeText(document.cluster)),
    ...(state.waitsFor === undefined ? [] : [element('p', element('strong', escapeText(state.waitsFor)))]),
    element(
      'p',
      escapeText(
        `As of ${takenAt}: ${summary.ready} of ${summary.nodes.length} nodes ready, ${answering} of ${voters} members ` +
          `of etcd answer (${hasQuorum ? 'quorum' : 'no quorum'}), incarnation ${document.incarnation}.`,
      ),
    ),
    element(
      'table',
      `${element('thead', row('th', ['Node', 'Role', 'State', 'Kubelet', 'etcd', '']))}${element('tbody', rows.join('\n'))}`,
    ),
    problems.length === 0 ? element('p', 'Nothing is wrong as far as was looked.') : element('ul', problems.join('\n')),
  ].join('\n');
}

const row = (cell: 'td' | 'th', texts: readonly string[]): string =>
  element('tr', texts.map((text) => element(cell, escapeText(text))).join(''));
const element = (name: string, markup: string): string => `<${name}>${markup}</${name}>`;
