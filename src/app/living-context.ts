import { type RecordedCluster, recordedPki } from '../cluster/recorded-cluster.js';
import { controlPlanes } from '../config/spec.js';
import { pickLivingContext } from '../kube/living-context.js';
import { readNodeRecords } from '../state/record-files.js';

/** The context of the admin kubeconfig whose control plane lives. */
export async function livingContext(recorded: RecordedCluster, signal: AbortSignal): Promise<string> {
  const { spec } = recorded.record;
  const [records, pki] = await Promise.all([readNodeRecords(recorded.state), recordedPki(recorded)]);
  const endpoints = controlPlanes(spec).flatMap(({ name }) => {
    const host = records.get(name)?.nodeIp;
    return host === undefined ? [] : [{ context: `${spec.name}-${name}`, node: name, host, port: spec.apiServer.port }];
  });
  return pickLivingContext({ endpoints, tls: (await pki.operatorIdentities()).kubernetes, signal });
}
