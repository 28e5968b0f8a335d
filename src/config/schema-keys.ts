import { z } from 'zod';
import type { ConfigPath } from './problems.js';

/** The keys a schema knows in the mapping at `path`; empty where any key goes or no mapping belongs. */
export function keysAt(schema: z.core.$ZodType, path: ConfigPath): string[] {
  if (schema instanceof z.ZodOptional) return keysAt(schema.unwrap(), path);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => keysAt(option, path));
  const [first, ...rest] = path;
  if (schema instanceof z.ZodArray) return typeof first === 'number' ? keysAt(schema.element, rest) : [];
  if (!(schema instanceof z.ZodObject)) return [];
  if (first === undefined) return Object.keys(schema.shape);
  const inner: z.core.$ZodType | undefined = schema.shape[first];
  return inner === undefined ? [] : keysAt(inner, rest);
}
