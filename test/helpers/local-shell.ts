import { spawn } from 'node:child_process';
import type { BenchNode } from '../../src/bench/measure/bench-node.js';
import type { ToolEndpoint } from '../../src/bench/measure/network/tool-pods.js';

export interface LocalShellOptions {
  /** Changes what is run: a port that needs no privilege, a file that says something else. */
  rewrite?: (text: string) => string;
}

/** A shell of this machine as a node's SSH session; what would enter a pod's network namespace stays where it is. */
export function localShell({ rewrite = (text) => text }: LocalShellOptions = {}): ToolEndpoint {
  const start = (command: string, timeoutMs?: number) =>
    spawn('/bin/bash', ['-c', rewrite(command.replace(/nsenter -t \S+ -n /, ''))], {
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(timeoutMs !== undefined && { timeout: timeoutMs }),
    });
  const session = {
    exec: async (command: string, { input = '', timeoutMs }: { input?: string; timeoutMs?: number }) => {
      const child = start(command, timeoutMs);
      child.stdin.end(rewrite(input));
      const [stdout, stderr] = [text(child.stdout), text(child.stderr)];
      const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve));
      return { stdout: stdout(), stderr: stderr(), exitCode };
    },
    connection: async () => ({
      open: async (command: string, { timeoutMs }: { timeoutMs?: number }) => {
        const { stdin, stdout } = start(command, timeoutMs);
        return { stdin, stdout, result: new Promise<void>((resolve) => stdout.on('close', () => resolve())) };
      },
    }),
  };
  return { node: { name: 's4', session } as unknown as BenchNode, address: '127.0.0.1', containerId: '', pid: 1 };
}

function text(stream: NodeJS.ReadableStream): () => string {
  let collected = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    collected += chunk;
  });
  return () => collected;
}
