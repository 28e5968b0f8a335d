import type { z } from 'zod';
import type { ConfigPath } from './problems.js';
import { keysAt } from './schema-keys.js';
import { didYouMean } from './suggest.js';

export interface SchemaProblem {
  path: ConfigPath;
  /** Continues the path: `network.mtu must be at least 576`. */
  message: string;
  /** The key itself is wrong, not its value. */
  ofKey?: boolean;
  /** Characters into the text of the value. */
  offset?: number;
}

type Issue = z.core.$ZodIssue;

/** Zod's issues in our words, each with one place. */
export function schemaProblems(schema: z.ZodType, issues: readonly Issue[]): SchemaProblem[] {
  return issues.flatMap((issue) => problemsOf(schema, issue, []));
}

function problemsOf(schema: z.ZodType, issue: Issue, parent: ConfigPath): SchemaProblem[] {
  const path = [...parent, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))];
  switch (issue.code) {
    case 'invalid_union':
      return unionProblems(schema, issue, path);
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey(schema, path, key), ofKey: true }));
    case 'invalid_key':
      return [{ path, message: issue.issues[0]?.message ?? issue.message, ofKey: true }];
    case 'custom':
      return [{ path, message: issue.message, ...offsetOf(issue) }];
    default:
      return [{ path, message: describe(issue) }];
  }
}

/** The branch made for this type of value tells what is wrong; without one, the types of all branches are told. */
function unionProblems(schema: z.ZodType, issue: z.core.$ZodIssueInvalidUnion, path: ConfigPath): SchemaProblem[] {
  const otherType = (branch: readonly Issue[]): boolean =>
    branch.some(({ code, path: inner }) => code === 'invalid_type' && inner.length === 0);
  const meant = issue.errors.find((branch) => !otherType(branch));
  if (meant) return meant.flatMap((inner) => problemsOf(schema, inner, path));
  const expected = issue.errors.flatMap((branch) =>
    branch.flatMap((inner) => ('expected' in inner ? inner.expected : [])),
  );
  return [{ path, message: wrongType(expected, issue.input) }];
}

function unknownKey(schema: z.ZodType, path: ConfigPath, key: string): string {
  const known = keysAt(schema, path);
  const help = didYouMean(key, known) ?? (known.length > 0 ? `known here: ${known.join(', ')}` : undefined);
  return ['is not a known key', ...(help === undefined ? [] : [help])].join('; ');
}

function offsetOf({ params }: z.core.$ZodIssueCustom): { offset?: number } {
  return typeof params?.offset === 'number' ? { offset: params.offset } : {};
}

function describe(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : wrongType([issue.expected], issue.input);
    case 'invalid_value':
      return oneOf(issue.values.map(String), issue.input);
    case 'too_small':
      return issue.origin === 'number' || issue.origin === 'int'
        ? `must be ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}, not ${valueName(issue.input)}`
        : 'must not be empty';
    case 'too_big':
      return `must be at most ${issue.maximum}, not ${valueName(issue.input)}`;
    default:
      return issue.message;
  }
}

function oneOf(values: readonly string[], input: unknown): string {
  const suggestion = typeof input === 'string' ? didYouMean(input, values) : undefined;
  const problem = `must be one of ${values.join(', ')}, not ${valueName(input)}`;
  return suggestion === undefined ? problem : `${problem}; ${suggestion}`;
}

/** YAML reads 1.20 as the number 1.2 and `on` in older versions as true: quotes keep a text a text. */
function wrongType(expected: readonly string[], input: unknown): string {
  const problem = `must be ${expected.map(typeName).join(' or ')}, not ${valueName(input)}`;
  const quotable = expected.includes('string') && (typeof input === 'number' || typeof input === 'boolean');
  return quotable ? `${problem}; put it in quotes` : problem;
}

const TYPE_NAMES: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

function typeName(expected: string): string {
  return TYPE_NAMES[expected] ?? expected;
}

function valueName(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'number') return `the number ${value}`;
  return typeof value === 'string' ? `the text ${JSON.stringify(value)}` : String(value);
}
