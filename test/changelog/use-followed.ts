import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { UsedEtcd } from '../etcd/use-etcd.js';
import { createFollowed, type Followed } from './followed.js';

export interface UsedFollowed extends Followed {
  /** A fresh etcd. */
  start(...names: string[]): Promise<void>;
}

/** Hooks of a test file: a state directory in each test, and a real etcd that is followed into it. */
export function useFollowed(etcd: UsedEtcd): UsedFollowed {
  let names: string[] = [];
  let root: string;
  const used = {
    start(...started: string[]) {
      names = started;
      return etcd.startMembers(...started);
    },
  } as UsedFollowed;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'k8s-diskless-log-'));
    Object.assign(used, createFollowed({ member: etcd.member, names: () => names, root }));
  });
  afterEach(() => {
    used.end();
    rmSync(root, { recursive: true, force: true });
  });
  return used;
}
