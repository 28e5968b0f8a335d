/** The two formats of apt's source files: `*.sources` and `*.list`. */
export type AptFormat = 'deb822' | 'one-line';

export interface SelectOptions {
  text: string;
  format: AptFormat;
  /** Ask the same places for this release instead. Default: bookworm. */
  release?: DebianRelease;
}

export type DebianRelease = 'bookworm' | 'trixie';

/** Debian 12 and its updates; nothing of another release may slip into nodes that need systemd <= 255. */
const SUITE = /^bookworm(-updates|-security)?$/;

/**
 * The entries of one apt source file that serve Debian 12's main archive, for binary packages.
 * Everything else about them (place, keys, options) stays as this machine has it. Empty when there are none.
 */
export function selectBookworm({ text, format, release = 'bookworm' }: SelectOptions): string {
  const entries =
    format === 'deb822'
      ? text.split(/\n[ \t]*\n/).map((stanza) => rewriteStanza(stanza, release))
      : text.split('\n').map((line) => rewriteLine(line, release));
  const kept = entries.filter((entry) => entry !== '');
  return kept.length === 0 ? '' : `${kept.join(format === 'deb822' ? '\n\n' : '\n')}\n`;
}

/** Updates of another release may lie elsewhere, or not exist yet: only its main suite is asked for. */
function suitesOf(suites: readonly string[], release: DebianRelease): string[] {
  const known = suites.filter((suite) => SUITE.test(suite));
  return release === 'bookworm' ? known : known.filter((suite) => suite === 'bookworm').map(() => release);
}

function rewriteStanza(stanza: string, release: DebianRelease): string {
  const fields = stanzaFields(stanza);
  const words = (name: string) => (fields.get(name) ?? '').split(/\s+/).filter((word) => word !== '');
  const suites = suitesOf(words('suites'), release);
  const disabled = /^\s*(no|false|off|0|without|disable)\s*$/i.test(fields.get('enabled') ?? '');
  if (disabled || suites.length === 0 || !words('types').includes('deb') || !words('components').includes('main')) {
    return '';
  }
  fields
    .set('types', ' deb')
    .set('suites', ` ${suites.join(' ')}`)
    .set('components', ' main');
  return [...fields].map(([name, value]) => `${name[0]?.toUpperCase()}${name.slice(1)}:${value}`).join('\n');
}

/** Field names in lower case (apt ignores their case); a value keeps its continuation lines. */
function stanzaFields(stanza: string): Map<string, string> {
  const fields = new Map<string, string>();
  let current = '';
  for (const line of stanza.split('\n').filter((text) => !text.startsWith('#'))) {
    const field = /^([A-Za-z][A-Za-z0-9-]*):(.*)$/.exec(line);
    if (field?.[1] !== undefined) {
      current = field[1].toLowerCase();
      fields.set(current, field[2] ?? '');
    } else if (/^[ \t]/.test(line) && fields.has(current)) {
      fields.set(current, `${fields.get(current)}\n${line}`);
    }
  }
  return fields;
}

const ONE_LINE = /^deb\s+(?<options>\[[^\]]*\]\s+)?(?<uri>\S+)\s+(?<suite>\S+)\s+(?<components>[^#]+)/;

function rewriteLine(line: string, release: DebianRelease): string {
  const { options = '', uri, suite = '', components = '' } = ONE_LINE.exec(line.trim())?.groups ?? {};
  const [wanted] = suitesOf([suite], release);
  if (wanted === undefined || !components.trim().split(/\s+/).includes('main')) return '';
  return `deb ${options}${uri} ${wanted} main`;
}
