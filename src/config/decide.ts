import { isSetting, type Section, type Setting, type Undecided } from './setting.js';

type Values = Readonly<Record<string, unknown>>;

export interface Sources {
  /** What flags say of the section. */
  flags?: object | undefined;
  /** What the file says of the section. */
  file?: object | undefined;
  recorded?: object | undefined;
  /** There is a file, which takes the place of what is recorded where a setting does not keep it. */
  replaces: boolean;
}

/**
 * Flags win over the file, the file over the record, the record over defaults. What a setting `keeps` falls back to the
 * record even when there is a file; the rest is what the file says as soon as there is one, so that a key taken out of
 * it is gone.
 */
export function decide<F extends Section>(section: F, sources: Sources): Undecided<F> {
  const decided = Object.entries(section)
    .map(([key, entry]) => [key, isSetting(entry) ? settled(key, entry, sources) : sectionOf(key, entry, sources)])
    .filter(([, value]) => value !== undefined);
  return Object.fromEntries(decided) as Undecided<F>;
}

function settled(key: string, { keeps, byDefault }: Setting, { flags, file, recorded, replaces }: Sources): unknown {
  const before = replaces && !keeps ? undefined : at(recorded, key);
  return at(flags, key) ?? at(file, key) ?? before ?? structuredClone(byDefault);
}

/** A section inside another is the file's or the record's as a whole. */
function sectionOf(key: string, section: Section, { file, recorded, replaces }: Sources): unknown {
  const asked = at(file, key);
  if (typeof asked !== 'object' || asked === null) return replaces ? undefined : at(recorded, key);
  return decide(section, { file: asked, replaces: true });
}

function at(values: object | undefined, key: string): unknown {
  return (values as Values | undefined)?.[key];
}
