import type { ConfigPath } from './problems.js';

/** A feature gate that the user sets. */
export interface AskedGate {
  name: string;
  /** Undefined where it is neither true nor false. */
  value: boolean | undefined;
  path: ConfigPath;
}

/** Of the value of `--feature-gates`, such as `A=true,kube:B=false`: a gate without a prefix is Kubernetes' own. */
export function gatesOfFlag(text: string, path: ConfigPath): AskedGate[] {
  return text.split(',').flatMap((word) => {
    const [name = '', ...values] = word.split('=').map((part) => part.trim());
    const own = name.replace(/^kube *: */, '');
    return own === '' ? [] : [{ name: own, value: goBoolean(values.join('=')), path }];
  });
}

/** Of the mapping `featureGates` in a KubeletConfiguration. */
export function gatesOfConfig(gates: Readonly<Record<string, unknown>>, path: ConfigPath): AskedGate[] {
  return Object.entries(gates).map(([name, value]) => ({
    name,
    value: typeof value === 'boolean' ? value : undefined,
    path: [...path, name],
  }));
}

/** As strconv.ParseBool reads it. */
function goBoolean(text: string): boolean | undefined {
  if (/^(1|t|T|TRUE|true|True)$/.test(text)) return true;
  return /^(0|f|F|FALSE|false|False)$/.test(text) ? false : undefined;
}
