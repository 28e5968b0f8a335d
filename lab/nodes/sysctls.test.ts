import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MACHINE_SYSCTLS, restoreSysctls, type SysctlSource, saveSysctls } from './sysctls.js';

describe('sysctls of the machine', () => {
  let directory = '';
  let source: SysctlSource = MACHINE_SYSCTLS;
  const path = (name: string) => join(directory, 'sys', name);

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'lab-sysctls-'));
    source = {
      saved: join(directory, 'run', 'saved.json'),
      root: join(directory, 'sys'),
      global: ['kernel', 'fs', 'vm'],
    };
    mkdirSync(path('kernel/keys'), { recursive: true });
    mkdirSync(path('kernel/random'), { recursive: true });
    writeFileSync(path('kernel/panic'), '1\n');
    writeFileSync(path('kernel/keys/root_maxkeys'), '200\n');
    writeFileSync(path('kernel/random/boot_id'), 'one\n');
    writeFileSync(path('kernel/ostype'), 'Linux\n');
    chmodSync(path('kernel/ostype'), 0o444);
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('are put back where a node has changed them, and nowhere else', () => {
    saveSysctls(source);
    writeFileSync(path('kernel/panic'), '10\n');
    writeFileSync(path('kernel/random/boot_id'), 'two\n');
    chmodSync(path('kernel/ostype'), 0o644);
    writeFileSync(path('kernel/ostype'), 'other\n');
    expect(restoreSysctls(source)).toEqual(['kernel.panic']);
    expect(readFileSync(path('kernel/panic'), 'utf8')).toBe('1\n');
    expect(readFileSync(path('kernel/random/boot_id'), 'utf8')).toBe('two\n');
    expect(existsSync(source.saved)).toBe(false);
  });

  it('are those from before the first lab, not from before the second', () => {
    saveSysctls(source);
    writeFileSync(path('kernel/keys/root_maxkeys'), '1000000\n');
    saveSysctls(source);
    expect(restoreSysctls(source)).toEqual(['kernel.keys.root_maxkeys']);
    expect(readFileSync(path('kernel/keys/root_maxkeys'), 'utf8')).toBe('200\n');
  });

  it('stay as they are where nothing was kept', () => {
    expect(restoreSysctls(source)).toEqual([]);
  });
});
