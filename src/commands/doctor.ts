import { examine } from '../app/doctor.js';
import type { SshRequest } from '../app/requests.js';
import { sshOfRequest } from '../app/ssh-of-request.js';
import { stateOf } from '../app/state-of.js';
import { takenOverMessage } from '../app/taken-over.js';
import { recordedCluster } from '../cluster/recorded-cluster.js';
import { doctorLines } from '../doctor/doctor-view.js';
import { isHealthy } from '../doctor/report.js';
import { EXIT } from '../errors.js';
import { requireInUse } from '../state/retired.js';
import { interruptible } from './interrupt.js';
import { lockBesideDaemon } from './lock-beside-daemon.js';
import type { ClusterFlags } from './options.js';
import { print } from './output-lost.js';
import { screenOf, tellLine } from './view.js';

export interface DoctorFlags extends ClusterFlags, SshRequest {
  /** A name outside of the cluster. */
  outside?: string;
}

/** Version of the JSON form. */
const DOCTOR_SCHEMA = 1;

/** Exit 4 where something is not as it should be. */
export function doctorCommand(flags: DoctorFlags): Promise<number> {
  return interruptible(
    async (signal) => {
      const recorded = await recordedCluster(stateOf(flags));
      const lock = await lockBesideDaemon(recorded.state.lock, 'doctor', signal);
      try {
        await requireInUse(recorded.state);
        if (lock.takenOverFrom) tellLine(takenOverMessage(lock.takenOverFrom));
        const ssh = sshOfRequest(flags);
        const report = await examine({ recorded, ssh, outside: flags.outside, tell: tellLine, signal });
        const isWell = isHealthy(report);
        const { width, style } = screenOf(process.stdout);
        const json = () => `${JSON.stringify({ v: DOCTOR_SCHEMA, healthy: isWell, ...report })}\n`;
        await print(flags.output === 'json' ? json() : `${doctorLines({ report, width, style }).join('\n')}\n`);
        return isWell ? EXIT.done : EXIT.failed;
      } finally {
        lock.release();
      }
    },
    { hint: 'what was made for it is removed' },
  );
}
