import { readFile } from 'node:fs/promises';
import { problemsError } from './problems.js';
import { parseYaml } from './yaml-source.js';

export interface AuditPolicyInput {
  path: string;
  /** Where the config file names it, for errors. */
  place: string;
}

/**
 * The text of an audit policy. It is looked at because kube-apiserver does not start with a wrong one.
 *
 * @throws usage error naming the place in the config file, or in the policy
 */
export async function readAuditPolicy({ path, place }: AuditPolicyInput): Promise<string> {
  const text = await readFile(path, 'utf8').catch(({ code }: NodeJS.ErrnoException) => {
    throw problemsError([`${place} ${path} cannot be read (${code})`], place);
  });
  const { value, problems } = parseYaml(path, text);
  if (problems.length > 0) throw problemsError(problems, path);
  const { kind, apiVersion } = (value ?? {}) as { kind?: unknown; apiVersion?: unknown };
  if (kind === 'Policy' && apiVersion === 'audit.k8s.io/v1') return text;
  throw problemsError([`${place} ${path} is not a Policy of audit.k8s.io/v1`], place);
}
