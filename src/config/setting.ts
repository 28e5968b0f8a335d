import { z } from 'zod';

/*
 * A setting is described once, and everything follows from that: what the config file takes (`askedForm`), the type of
 * the spec (`Decided`), what a record must hold (`recordedForm`), how flag, file, record and default are weighed
 * (decide.ts), which paths are made absolute (setting-paths.ts), and its row in docs/config.md (config-table.ts).
 */

interface Text<Value> {
  /** What it is, as a sentence. */
  text: string;
  /** How docs/config.md calls the values, where their shape does not tell. */
  type?: string;
  /** The heading of docs/config.md that begins with it. */
  heading?: string;
  /** The file has to give it where it gives the section. */
  required?: true;
  /** A file that leaves it out changes nothing: true. What a living cluster cannot change: why not. */
  keeps?: true | string;
  /** The settings of the objects in a list. */
  items?: Section;
  /** What a record may hold where that is not what a file may. */
  recorded?: z.ZodType;
  /** Makes paths inside the value absolute; `path` and `pathOrUrl` need nothing. */
  paths?: (value: Value, absolute: (path: string) => string) => Value;
}

/** What holds where nobody said anything. */
interface Default<Value> {
  byDefault: Value;
  /** As docs/config.md has it, where that is not the value itself. */
  shown?: string;
}

/** In the spec always: what, when nobody says, something else decides. */
interface Chosen {
  chosen: string;
}

/** Absent from the spec when nobody says; the text tells what happens then. */
interface Otherwise {
  otherwise?: string;
}

type Options<Value> = Text<Value> & (Default<Value> | Chosen | Otherwise);

export interface Setting extends Omit<Text<unknown>, 'paths'>, Partial<Default<unknown> & Chosen & Otherwise> {
  is: z.ZodType;
  paths?: (value: never, absolute: (path: string) => string) => unknown;
}
export interface Section {
  readonly [key: string]: Setting | Section;
}

/** @param is what the file takes; where it is transformed, the result's own shape comes last: `.transform(…).pipe(…)` */
export function setting<S extends z.ZodType, const O extends Options<z.output<S>>>(is: S, options: O): O & { is: S } {
  return { ...options, is };
}

export function isSetting(entry: Setting | Section): entry is Setting {
  return entry.is instanceof z.ZodType;
}

/** As docs/config.md says it: `a`, `b` or `c`. */
export function oneOf(values: readonly string[]): string {
  const names = values.map((value) => `\`${value}\``);
  const last = names.pop() ?? '';
  return names.length === 0 ? last : `${names.join(', ')} or ${last}`;
}

/* Types */

type Value<E> = E extends { recorded: infer R extends z.ZodType }
  ? z.output<R>
  : E extends { is: infer S extends z.ZodType }
    ? z.output<S>
    : Decided<E>;
type Keys<F, Kind> = { [K in keyof F]: F[K] extends Kind ? K : never }[keyof F];
type Given = { required: true } | { byDefault: unknown };
type Always = Given | { chosen: string };
type Flat<T> = { [K in keyof T]: T[K] };

/** A section with everything decided. A section inside it is there when somebody gave it. */
export type Decided<F> = Flat<
  { [K in Keys<F, Always>]: Value<F[K]> } & { [K in Exclude<keyof F, Keys<F, Always>>]?: Value<F[K]> }
>;
/** The same before something else has chosen. */
export type Undecided<F> = Flat<
  { [K in Keys<F, Given>]: Value<F[K]> } & { [K in Exclude<keyof F, Keys<F, Given>>]?: Value<F[K]> }
>;

type AskedShape<F> = {
  [K in keyof F]: F[K] extends { is: infer S extends z.ZodType }
    ? F[K] extends { required: true }
      ? S
      : z.ZodOptional<S>
    : z.ZodOptional<z.ZodObject<AskedShape<F[K]>, z.core.$strict>>;
};

type RecordedShape<F> = {
  [K in keyof F]: K extends Keys<F, Always> ? z.ZodType<Value<F[K]>> : z.ZodOptional<z.ZodType<Value<F[K]>>>;
};

/* Forms */

/** The section as a file has it; unknown keys are errors. */
export function askedForm<F extends Section>(section: F): z.ZodObject<AskedShape<F>, z.core.$strict> {
  const shape = Object.entries(section).map(([key, entry]) => {
    const form = isSetting(entry) ? entry.is : askedForm(entry);
    return [key, isSetting(entry) && entry.required ? form : form.optional()];
  });
  return z.strictObject(Object.fromEntries(shape) as AskedShape<F>);
}

/**
 * The section as a record has it. Loose: keys of a later release survive. What a cluster is built on must be there;
 * another setting with a default gets it, so that a new one needs no migration.
 */
export function recordedForm<F extends Section>(section: F): z.ZodType<Decided<F>> {
  return z.looseObject(recordedShape(section)) as unknown as z.ZodType<Decided<F>>;
}

/** The keys of that, for a section without a place of its own. */
export function recordedShape<F extends Section>(section: F): RecordedShape<F> {
  const shape = Object.entries(section).map(([key, entry]) => [key, recordedEntry(entry)]);
  return Object.fromEntries(shape) as RecordedShape<F>;
}

function recordedEntry(entry: Setting | Section): z.ZodType {
  if (!isSetting(entry)) return recordedForm(entry).optional();
  const form = entry.recorded ?? afterwards(entry.is);
  if (entry.required || entry.chosen !== undefined) return form;
  if (entry.byDefault === undefined) return form.optional();
  return entry.keeps ? form : form.default(() => structuredClone(entry.byDefault));
}

/** What comes out of a shape, as a shape. */
function afterwards(is: z.ZodType): z.ZodType {
  if (is instanceof z.ZodPipe) return afterwards(is.out as z.ZodType);
  if (is instanceof z.ZodArray) return z.array(afterwards(is.element as z.ZodType));
  if (is instanceof z.ZodRecord) return z.record(z.string(), afterwards(is.valueType as z.ZodType));
  if (is instanceof z.ZodTransform) throw new TypeError('a transformed setting says with .pipe() what comes out');
  return is;
}
