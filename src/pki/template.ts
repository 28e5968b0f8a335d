/** What the templates of pki/leaves.yaml may refer to. A list fills an element of its own per entry. */
export interface TemplateValues {
  'node.name': string;
  'node.ip': string;
  'api.address': string;
  'api.extra-sans': string[];
  'service.first-ip': string;
  'cluster.domain': string;
}

export const TEMPLATE_NAMES: readonly string[] = [
  'node.name',
  'node.ip',
  'api.address',
  'api.extra-sans',
  'service.first-ip',
  'cluster.domain',
] satisfies (keyof TemplateValues)[];

const PLACEHOLDER = /\$\{([^}]*)\}/g;

export function templateNames(template: string): string[] {
  return [...template.matchAll(PLACEHOLDER)].map(([, name = '']) => name);
}

/** The texts a template stands for: one, or as many as the list has that is its only placeholder. */
export function expandTemplate(template: string, values: Partial<TemplateValues>): string[] {
  const [name, ...others] = templateNames(template);
  const whole = others.length === 0 && template === `\${${name}}` ? lookUp(name ?? '', values) : undefined;
  if (Array.isArray(whole)) return whole;
  return [template.replace(PLACEHOLDER, (_, key: string) => String(lookUp(key, values)))];
}

function lookUp(name: string, values: Partial<TemplateValues>): string | string[] {
  const value = (values as Record<string, string | string[] | undefined>)[name];
  if (value === undefined) throw new TypeError(`no value for \${${name}} in this certificate profile`);
  return value;
}
