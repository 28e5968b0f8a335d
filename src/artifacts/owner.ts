import { hostname } from 'node:os';

/** Marks a file under way as this process's: `pid@host`. */
export function ownerTag(): string {
  return `${process.pid}@${hostname()}`;
}

/** Whether the process that tag names is gone; of processes on other hosts nothing can be said. */
export function isAbandoned(tag: string): boolean {
  const at = tag.indexOf('@');
  return tag.slice(at + 1) === hostname() && !isAlive(Number(tag.slice(0, at)));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
