import { DisklessError } from '../../errors.js';
import { shellQuote } from '../../ssh/quote.js';
import type { Preset } from '../preset/preset-schema.js';
import type { DnsSample } from '../record/requests-schema.js';
import type { ToolEndpoint } from './network/tool-pods.js';
import { CLOCK_FUNCTIONS, timedLines } from './wall-clock.js';

export interface DnsLoadOptions {
  client: ToolEndpoint;
  nameserver: string;
  /** Absolute, without the final dot. */
  name: string;
  dns: Preset['dns'];
  round: number;
  signal: AbortSignal;
}

/** What goes unanswered for so long is lost. */
const PATIENCE_S = 2;
/** Beside the timetable and the last answer: connecting, the first lookup, starting all workers. */
const GRACE_MS = 15_000;

/**
 * Asks over UDP from within a pod's network namespace, in bash for want of anything else on CoreOS. Each lookup is sent
 * when it is due, whatever became of those before it, and counts from then: so many workers take turns that one has
 * given up its lookup before its next is due, each with a socket that was opened ahead of time.
 *
 * Bash drops zero bytes, so that it can tell when an answer comes and not what it says: that is looked at once, before
 * any is timed. It also sends what it has at each newline, which a label of ten letters has in front: dd, started ahead
 * of time as well, makes one datagram of both halves.
 */
const SCRIPT = `${CLOCK_FUNCTIONS}
server=$1 name=$2 count=$3 period=$4 workers=$5
exec 4<> <(:)
query='kd\\x01\\x00\\x00\\x01\\x00\\x00\\x00\\x00\\x00\\x00' size=17 halves=
IFS=. read -ra labels <<<"$name"
for label in "\${labels[@]}"; do
  printf -v length '\\\\x%02x' "\${#label}"
  query+="$length$label" size=$((size + 1 + \${#label}))
  ((\${#label} != 10)) || halves=yes
done
query+='\\x00\\x00\\x01\\x00\\x01'

prepare() {
  exec 3<>"/dev/udp/$server/53" || exit 1
  if [[ $halves ]]; then exec 5> >(exec dd bs=$size count=1 iflag=fullblock status=none >&3); else exec 5>&3; fi
}
ask() { printf "$query" >&5; exec 5>&-; }
sleep_until() {
  local left=$(($1 - \${EPOCHREALTIME/[.,]/}))
  ((left > 0)) || return 0
  printf -v left '%d.%06d' $((left / 1000000)) $((left % 1000000))
  read -rt "$left" -u 4
}
work() {
  local index due answer status
  for ((index = $1; index < count; index += workers)); do
    due=$((start + index * period))
    prepare
    sleep_until "$due"
    ask 2>/dev/null
    IFS= read -r -u 3 -t ${PATIENCE_S} -N 2 answer 2>/dev/null
    status=$?
    if ((status == 0)); then echo "$index $((\${EPOCHREALTIME/[.,]/} - due))"
    elif ((status > 128)); then echo "$index lost"
    else echo "$index refused"
    fi
  done
}

prepare
ask
header=$(timeout 3 dd bs=512 count=1 status=none <&3 | od -An -v -tx1 -N 8 | tr -d ' \\n')
echo "header $header"
[[ $header ]] || exit 0
clock_begin
start=$((\${EPOCHREALTIME/[.,]/} + 500000))
for ((worker = 0; worker < workers; worker++)); do work "$worker" & done
wait
clock_end
`;

/** @throws `dns-failed` when the name is not answered at all: that would be no measurement of looking it up; `clock-set` */
export async function runDnsLoad(options: DnsLoadOptions): Promise<DnsSample[]> {
  const { client, nameserver, name, dns, round, signal } = options;
  const count = Math.round(dns.rate * dns.seconds);
  if (count === 0) return [];
  const workers = Math.min(count, Math.ceil(dns.rate * PATIENCE_S) + 1);
  const numbers = [count, Math.round(1e6 / dns.rate), workers].map(String);
  const args = shellQuote(nameserver, name, ...numbers);
  const { stdout, stderr } = await client.node.session.exec(`nsenter -t ${client.pid} -n bash -s -- ${args}`, {
    label: 'time DNS lookups',
    root: true,
    input: SCRIPT,
    timeoutMs: (dns.seconds + PATIENCE_S) * 1000 + GRACE_MS,
    signal,
  });
  const header = /^header (\w*)$/m.exec(stdout)?.[1] ?? '';
  const answers = timedLines(stdout.replace(/^header.*\n/, ''), client.node.name) ?? [];
  const problem =
    problemOf(header) ?? (answers.length === count ? undefined : `${answers.length} of ${count} were timed`);
  if (problem !== undefined)
    throw new DisklessError({
      code: 'dns-failed',
      host: client.node.name,
      message: `${nameserver} asked for ${name}: ${problem}`,
      detail: stderr.trim().slice(-500),
    });
  return answers
    .map((line) => line.split(' '))
    .toSorted(([a], [b]) => Number(a) - Number(b))
    .map(([, outcome = '']) => ({ round, node: client.node.name, nameserver, name, ...outcomeOf(outcome) }));
}

function outcomeOf(outcome: string): Pick<DnsSample, 'latencyMs' | 'failure'> {
  if (outcome === 'lost') return { latencyMs: null, failure: `no answer within ${PATIENCE_S} s` };
  if (outcome === 'refused') return { latencyMs: null, failure: 'nobody listens at its port' };
  return { latencyMs: Number(outcome) / 1000, failure: null };
}

/** @param header First eight bytes of an answer in hex: identity, flags, number of questions and of answers (RFC 1035) */
function problemOf(header: string): string | undefined {
  if (header.length < 16) return 'no answer';
  const code = Number.parseInt(header.slice(6, 8), 16) & 0x0f;
  if (code !== 0) return `it answers with code ${code}`;
  return Number.parseInt(header.slice(12, 16), 16) === 0 ? 'it knows no address' : undefined;
}
