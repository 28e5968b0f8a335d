import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export function isOnPath(program: string, env: NodeJS.ProcessEnv): boolean {
  return whereIs(program, env) !== undefined;
}

export function whereIs(program: string, env: NodeJS.ProcessEnv): string | undefined {
  const paths = (env.PATH ?? '').split(delimiter).map((directory) => join(directory, program));
  return paths.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
