import { type ClusterStatus, problemsOf, type StatusProblem } from './cluster-status.js';

/** Version of the JSON form. */
const STATUS_SCHEMA = 1;

/** What JSON carries of something: moments are texts in ISO 8601. */
export type AsJson<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? AsJson<Item>[]
    : T extends object
      ? { [Key in keyof T]: AsJson<T[Key]> }
      : T;

/** What `status --output json` prints. */
export type StatusDocument = AsJson<{ v: typeof STATUS_SCHEMA } & ClusterStatus & { problems: StatusProblem[] }>;

/** A cluster as it was found, as JSON has it. Pure. */
export function statusDocument(status: ClusterStatus, now: Date): StatusDocument {
  const document = { v: STATUS_SCHEMA, ...status, problems: problemsOf(status, now) };
  return JSON.parse(JSON.stringify(document)) as StatusDocument;
}
