import { startFleet } from '../../test/helpers/fake-node/fleet.js';

/*
 * `fleet-process.ts COUNT DIRECTORY`: blank nodes in a process of their own, so that what they cost is not counted as
 * the operator's. Says how to reach them, and answers every message with what they have received since the last one.
 */

/** Path of the ssh_config that leads to the nodes n1, n2, … */
export interface FleetReady {
  sshConfig: string;
}

/** Node name → number of files it has received and verified. */
export type FleetReport = Record<string, number>;

const [count = '0', directory = ''] = process.argv.slice(2);
const fleet = await startFleet({ count: Number(count), zstd: true, directory });

process.on('message', () => process.send?.(report()));
process.on('disconnect', () => process.exit());
process.send?.({ sshConfig: fleet.sshConfig } satisfies FleetReady);

function report(): FleetReport {
  const received = fleet.nodes.map(({ name, deliveries }): [string, number] => {
    const files = deliveries.splice(0).flatMap(({ segments }) => [...segments.values()].flat());
    return [name, files.length];
  });
  return Object.fromEntries(received.filter(([, files]) => files > 0));
}
