import { groupBy } from '../../src/ui/group-by.js';
import type { VersionRecord } from './version-record.js';

const INTRODUCTION = `# Versions that were run

\`k8s-diskless\` takes the Kubernetes versions of its version table (\`src/config/version-table.ts\`): the six newest minors,
any patch of them. Each row was brought up on the lab in the versions that stand here, which are the row's defaults; the
cluster DNS in the lab is CoreDNS of the newest row for all of them. Other patches use the row of their minor and were not
run. Written by \`npm run test:long -- --only versions\` out of \`lab/records/versions.json\`, not by hand.
`;

const COLUMNS: readonly [string, (record: VersionRecord) => string][] = [
  ['Kubernetes', ({ kubernetes }) => kubernetes],
  ['etcd', ({ etcd }) => etcd],
  ['containerd', ({ containerd }) => containerd],
  ['CNI plugins', ({ cni }) => cni],
  ['CoreDNS', ({ coredns }) => coredns],
  ['control planes', ({ controlPlanes }) => controlPlanes.join(' and ')],
  ['run on', ({ ran }) => ran],
  ['commit', ({ commit }) => commit.slice(0, 14)],
];

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** Those that were shown for the same things stand together. */
function shownParts(records: readonly VersionRecord[]): string[] {
  const groups = groupBy(records, ({ shown }) => shown.join('; '));
  return groups.map((same) => `* ${same.map(({ kubernetes }) => kubernetes).join(', ')}: ${same[0].shown.join('; ')}.`);
}

/** docs/versions.md, in Markdown. Oldest version first, as the records are. */
export function versionsPage(records: readonly VersionRecord[]): string {
  const table = [
    row(COLUMNS.map(([title]) => title)),
    row(COLUMNS.map(() => '---')),
    ...records.map((record) => row(COLUMNS.map(([, cell]) => cell(record)))),
  ];
  return [INTRODUCTION, table.join('\n'), '\n## What was seen to work\n', ...shownParts(records)]
    .join('\n')
    .concat('\n');
}
