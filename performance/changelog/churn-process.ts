import { createEtcdGateway } from '../../src/etcd/gateway.js';
import { openLoopback } from '../../test/etcd/etcd-cluster.js';
import { type ChurnOrder, type ChurnReport, COUNTER, churnOf } from './churn.js';

/*
 * Writes to etcd until it is gone, in a process of its own: what a cluster writes, and a counter twenty times a second.
 * Then tells its parent when each value of the counter was acknowledged.
 */

const COUNTER_EVERY_MS = 50;
const TICK_MS = 20;

process.once('message', (order: ChurnOrder) => void churn(order));

async function churn({ load, ports, tls }: ChurnOrder): Promise<void> {
  const gateways = ports.map((port) =>
    createEtcdGateway({ node: `${port}`, serverName: '127.0.0.1', tls, connect: () => openLoopback(port) }),
  );
  const kinds = churnOf(load).map((kind) => ({ ...kind, due: 0, count: 0 }));
  const report: ChurnReport = { writes: 0, acknowledged: [] };
  let isOver = false;
  const write = async (key: string, value: Buffer): Promise<void> => {
    const gateway = gateways[report.writes % gateways.length];
    await gateway?.write([{ kind: 'put', key, value }], { timeoutMs: 3_000 });
    report.writes += 1;
  };
  const over = (): void => {
    isOver = true;
  };
  const background = setInterval(() => {
    for (const kind of kinds) {
      for (kind.due += (kind.perSecond * TICK_MS) / 1000; kind.due >= 1; kind.due -= 1) {
        kind.count += 1;
        write(`${kind.key}${kind.count % kind.objects}`, Buffer.alloc(kind.bytes, `${kind.count} `)).catch(over);
      }
    }
  }, TICK_MS);
  while (!isOver) {
    const next = new Promise((resolve) => setTimeout(resolve, COUNTER_EVERY_MS));
    await write(COUNTER, Buffer.from(`${report.acknowledged.length + 1}`)).then(
      () => report.acknowledged.push(Date.now()),
      over,
    );
    await next;
  }
  clearInterval(background);
  for (const gateway of gateways) gateway.close();
  process.send?.(report);
  process.disconnect();
}
