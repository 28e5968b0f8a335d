import * as scalar from './scalars.js';
import { isSetting, type Section, type Setting } from './setting.js';

type Absolute = (path: string) => string;

/** The values of a section as the file has them, with every path in it made absolute. */
export function withAbsolutePaths<T extends object>(section: Section, values: T, absolute: Absolute): T {
  const entries = Object.entries(values).map(([key, value]) => {
    const entry = section[key];
    if (entry === undefined || value === undefined) return [key, value];
    return [key, isSetting(entry) ? absoluteValue(entry, value, absolute) : withAbsolutePaths(entry, value, absolute)];
  });
  return Object.fromEntries(entries) as T;
}

function absoluteValue({ is, paths }: Setting, value: unknown, absolute: Absolute): unknown {
  if (paths) return paths(value as never, absolute);
  return is === scalar.path || is === scalar.pathOrUrl ? absolute(String(value)) : value;
}
