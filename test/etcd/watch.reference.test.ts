import { expect, test } from 'vitest';
import { type WatchAnswer, watchAll } from '../../src/etcd/watch.js';
import { useEtcd } from './use-etcd.js';

const etcd = useEtcd();
const put = (key: string, value: string | Buffer) => ({ kind: 'put' as const, key, value: Buffer.from(value) });

async function watching(name: string, from: number, until: (answer: WatchAnswer) => boolean): Promise<WatchAnswer[]> {
  const { grpc, gateway } = etcd.member(name);
  const { clusterId } = await gateway.linearizableRead();
  const answers: WatchAnswer[] = [];
  for await (const answer of watchAll({ server: grpc, from, clusterId, signal: AbortSignal.timeout(60_000) })) {
    answers.push(answer);
    if (until(answer)) break;
  }
  return answers;
}

const revisionsOf = (answers: readonly WatchAnswer[]): number[] => [
  ...new Set(answers.flatMap(({ events }) => events.map(({ revision }) => revision))),
];

test('everything from a revision on, without a hole, and word of it when there is no more', async () => {
  await etcd.startMembers('s4');
  const { gateway } = etcd.member('s4');
  await gateway.write([put('other', '')]);
  const writers = Promise.all(
    ['a', 'b', 'c', 'd'].map(async (writer) => {
      for (let count = 0; count < 50; count++)
        await gateway.write([put(`${writer}1`, String(count)), put(writer, 'x')]);
      await gateway.deletePrefix(writer);
    }),
  );
  const answers = await watching('s4', 3, ({ revision, events }) => events.length === 0 && revision === 2 + 4 * 51);
  await writers;
  expect(revisionsOf(answers)).toEqual(Array.from({ length: 4 * 51 }, (_, index) => index + 3));
  expect(answers.flatMap(({ events }) => events).filter(({ kind }) => kind === 'delete')).toHaveLength(8);
});

test('more than a message holds comes whole', async () => {
  await etcd.startMembers('s4');
  const { gateway } = etcd.member('s4');
  for (let count = 0; count < 12; count++) await gateway.write([put(`key-${count}`, Buffer.alloc(1024 ** 2, count))]);
  const answers = await watching('s4', 2, ({ events }) => events.at(-1)?.revision === 13);
  expect(revisionsOf(answers)).toHaveLength(12);
  for (const { value, key } of answers.flatMap(({ events }) => events))
    expect(value.equals(Buffer.alloc(1024 ** 2, Number(key.slice(4))))).toBe(true);
});

test('a member that has lost its quorum is not believed for long', async () => {
  await etcd.startMembers('s4', 's5', 's6');
  let isSeen = (): void => {};
  const seen = new Promise<void>((resolve) => {
    isSeen = resolve;
  });
  const cut = watching('s4', 2, () => {
    isSeen();
    return false;
  });
  cut.catch(() => undefined);
  await seen;
  await etcd.member('s5').kill();
  await etcd.member('s6').kill();
  await expect(cut).rejects.toMatchObject({ code: 'etcd-no-leader' });
});
