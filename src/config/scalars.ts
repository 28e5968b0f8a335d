import { z } from 'zod';
import { addressProblem, cidrProblem } from './cidr.js';
import { isAddress, isDnsLabel, isDnsSubdomain, nodeNameProblem, sshHostProblem, sshUserProblem } from './names.js';

/*
 * The single values of the config file. Their messages continue the path of the key: `network.mtu must be …`; their
 * titles are the types of docs/config.md.
 */

type Problem = (text: string) => string | undefined;

/** A string with a check that says what is wrong with it. */
export function checked(problem: Problem, quoteInput = true) {
  return z.string().superRefine((text, context) => {
    const message = problem(text);
    if (message !== undefined) context.addIssue(quoteInput ? `${JSON.stringify(text)} ${message}` : message);
  });
}

export const unless =
  (valid: (text: string) => boolean, problem: string): Problem =>
  (text) =>
    valid(text) ? undefined : problem;

export const word = z.string().min(1).meta({ title: 'text' });
/** From where the file lies; `~/` is the home directory. */
export const path = z.string().min(1).meta({ title: 'path' });
export const pathOrUrl = z.string().min(1).meta({ title: 'path or URL' });
export const image = z.string().min(1).meta({ title: 'image reference' });
export const address = checked(addressProblem).meta({ title: 'IPv4 address' });
export const cidr = checked(cidrProblem).meta({ title: 'IPv4 CIDR' });
export const nodeName = checked(nodeNameProblem, false).meta({ title: 'node name' });
export const sshHost = checked(sshHostProblem, false).meta({ title: 'address or name' });
export const sshUser = checked(sshUserProblem, false).meta({ title: 'text' });
export const port = z.int().min(1).max(65535);

export const clusterName = checked(
  unless(isDnsLabel, 'must be a lower-case DNS label: a-z, 0-9 and "-", at most 63 characters'),
).meta({ title: 'DNS label' });
export const domain = checked(unless(isDnsSubdomain, 'must be a lower-case DNS name such as cluster.local')).meta({
  title: 'DNS name',
});
export const subjectAltName = checked(
  unless(
    (text) => isAddress(text) || isDnsSubdomain(text.replace(/^\*\./, '')),
    'is neither a DNS name nor an address',
  ),
);
/** Whether it is a whole one, age says when something is sealed to it. */
export const ageRecipient = checked(
  unless((text) => /^age1[a-z0-9]{50,}$/.test(text), 'is no public key of age, which begins with age1'),
).meta({ title: 'age1…' });
export const macAddress = checked(
  unless((text) => /^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i.test(text), 'is not a MAC address such as 52:54:00:12:34:56'),
)
  .transform((text) => text.toLowerCase().replaceAll('-', ':'))
  .pipe(z.string())
  .meta({ title: 'MAC address' });

/** A version with or without the leading `v`, kept without. */
export const version = checked(unless((text) => /^v?\d+\.\d+\.\d+$/.test(text), 'is not a version such as 1.37.2'))
  .transform((text) => text.replace(/^v/, ''))
  .pipe(z.string().min(1))
  .meta({ title: 'version' });

export const fingerprint = checked(
  unless(
    (text) => /^SHA256:[A-Za-z0-9+/]{43}$/.test(text),
    'is not a fingerprint as `ssh-keygen -lf` prints it (SHA256:…)',
  ),
);

/** More likely mistyped than meant; timers that count in 32 bits reach 24 days. */
const DAY_SECONDS = 24 * 3600;

/** Seconds, or a number with its unit; kept in milliseconds. */
export const duration = z
  .union([
    z
      .number()
      .positive()
      .max(DAY_SECONDS)
      .transform((seconds) => seconds * 1000),
    checked(durationProblem).transform(milliseconds),
  ])
  .pipe(z.number().positive())
  .meta({ title: 'duration' });

const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;
const UNIT_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function durationProblem(text: string): string | undefined {
  if (!DURATION.test(text)) return 'is not a duration such as 5s, 500ms, 2m or 1h';
  const ms = milliseconds(text);
  return ms > 0 && ms <= DAY_SECONDS * 1000 ? undefined : 'must be more than 0 and at most a day';
}

function milliseconds(text: string): number {
  const [, amount = '0', unit = 's'] = DURATION.exec(text) ?? [];
  return Number(amount) * (UNIT_MS[unit] ?? 0);
}

/**
 * A flag's or label's value: text in the end, but `true` and `5` may be written without quotes. Not fractions: YAML
 * reads 1.20 as 1.2.
 */
const text = z.union([z.string(), z.boolean(), z.int()]).transform(String).pipe(z.string());

export const flagArguments = z
  .record(
    checked(
      unless((key) => /^[a-z][a-z0-9-]*$/.test(key), 'is not a flag name: write it without dashes in front, e.g. v'),
    ),
    text,
  )
  .meta({ title: 'map of texts' });

/** Kubernetes' own rule for label keys and values. */
const QUALIFIED = /^(?:([a-z0-9.-]{1,253})\/)?([A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)$/;
const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/;

const TAINT = /^([^=:]+)(?:=([^:]*))?:(NoSchedule|PreferNoSchedule|NoExecute)$/;

function isQualified(key: string): boolean {
  return QUALIFIED.test(key) && (!key.includes('/') || isDnsSubdomain(key.split('/')[0] ?? ''));
}

/** As kubectl writes them: `key=value:NoSchedule`, or without a value. */
export const taint = checked(
  unless((written) => {
    const [, key = '', value = ''] = TAINT.exec(written) ?? [];
    return isQualified(key) && LABEL_VALUE.test(value);
  }, 'is not a taint such as gpu=true:NoSchedule: its effects are NoSchedule, PreferNoSchedule and NoExecute'),
);

export const labels = z
  .record(
    checked(unless(isQualified, 'is not a label key such as rack or example.org/rack')),
    text.refine((value) => LABEL_VALUE.test(value), {
      error: 'is not a label value: at most 63 letters, digits, "-", "_" and ".", with a letter or digit at both ends',
    }),
  )
  .meta({ title: 'map of texts' });
