import { existsSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createOperator } from './cli.js';

it.each(['up', 'plan'])('%s refuses what this Kubernetes does not accept before it connects', async (command) => {
  const operator = createOperator();
  let connections = 0;
  const sshd = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  await new Promise<void>((listening) => sshd.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void sshd.close());
  const file = join(operator.home, 'cluster.yaml');
  const hosts = `hosts: [s4=core@127.0.0.1:${(sshd.address() as AddressInfo).port}]`;
  const args = 'apiServer: {extraArgs: {cloud-provider: external, feature-gates: MemoryManager=true}}';
  writeFileSync(file, `kubernetes: 1.36.5\n${hosts}\n${args}\n`);
  const { exit, stderr } = await operator.run([command, '--config', file]);
  expect(exit).toBe(2);
  const words = stderr.replaceAll(/\s+/g, ' ');
  expect(words).toContain(
    `${file}:3:41 apiServer.extraArgs.cloud-provider: kube-apiserver 1.36.5 does not accept --cloud-provider: ` +
      '1.32 was the last that did; take it out',
  );
  expect(words).toContain(
    'kube-apiserver 1.36.5 does not know the feature gate MemoryManager: 1.35 was the last that did',
  );
  expect(connections).toBe(0);
  expect(existsSync(join(operator.stateDir, 'cluster.yaml'))).toBe(false);
});
