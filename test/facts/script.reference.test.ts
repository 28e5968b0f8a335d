import { readFileSync } from 'node:fs';
import { hostname, release, totalmem } from 'node:os';
import { expect, it } from 'vitest';
import { parseFacts } from '../../src/facts/parse.js';
import { factsScript } from '../../src/facts/script.js';
import { execute } from '../e2e/helpers/cli.js';

it('the script runs on any Linux machine, this one too, and says what is true of it', async () => {
  const env = { PATH: process.env.PATH };
  const { exit, stdout } = await execute('bash', ['-s'], env, factsScript({ units: ['no-such.service'] }));
  expect(exit).toBe(0);
  const facts = parseFacts({ host: 'here', output: stdout, operatorClockMs: Date.now() });
  expect(facts).toMatchObject({
    bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    hostname: hostname(),
    kernel: release(),
    memTotalBytes: totalmem(),
    tools: { tar: true, gzip: true, sha256sum: true },
    etcdData: { present: false },
  });
  expect(facts.mounts['/']?.sizeBytes).toBeGreaterThan(0);
  expect(facts.addresses).toContainEqual({ link: 'lo', address: '127.0.0.1', prefix: 8, family: 4 });
});
