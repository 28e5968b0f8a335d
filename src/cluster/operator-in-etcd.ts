import type { EtcdGateway } from '../etcd/gateway.js';
import { markText, type OperatorMark, parseMark } from '../node/operator-mark.js';
import { requireLatest } from '../state/superseded.js';

/** Beside the objects of Kubernetes, whose keys begin with `/registry`. */
const KEY = 'k8s-diskless/operator';

/** Who acted last on this cluster, by a linearizable read; undefined where nobody but the first ever did. */
export async function operatorInEtcd(etcd: EtcdGateway, signal: AbortSignal): Promise<OperatorMark | undefined> {
  const value = await etcd.valueOf(KEY, { signal });
  return value && parseMark(value.toString());
}

/** @throws refusal (exit 5) `operator-superseded` */
export async function requireLatestInEtcd(own: OperatorMark, etcd: EtcdGateway, signal: AbortSignal): Promise<void> {
  requireLatest(own, { where: 'etcd', found: await operatorInEtcd(etcd, signal) });
}

export async function writeOperator(own: OperatorMark, etcd: EtcdGateway, signal: AbortSignal): Promise<void> {
  await etcd.write([{ kind: 'put', key: KEY, value: Buffer.from(markText(own)) }], { signal });
}
