import { DisklessError } from '../../errors.js';
import type { Preset } from '../preset/preset-schema.js';
import type { DnsSample } from '../record/requests-schema.js';
import type { ToolEndpoint } from './network/tool-pods.js';

export interface DnsLoadOptions {
  client: ToolEndpoint;
  nameserver: string;
  /** Absolute, without the final dot. */
  name: string;
  dns: Preset['dns'];
  round: number;
  signal: AbortSignal;
}

const GRACE_MS = 15_000;

/**
 * Asks over UDP from within a pod's network namespace, in bash for want of anything else on CoreOS. Bash drops zero
 * bytes, so that it can tell when an answer comes and not what it says: that is looked at once, before any is timed.
 * A label of ten letters would be a newline in front, at which bash sends what it has: such names are asked in vain.
 */
const SCRIPT = `
LC_ALL=C
server=$1 name=$2 count=$3 pause=$4
exec 4<> <(:)
query='kd\\x01\\x00\\x00\\x01\\x00\\x00\\x00\\x00\\x00\\x00'
IFS=. read -ra labels <<<"$name"
for label in "\${labels[@]}"; do printf -v length '\\\\x%02x' "\${#label}"; query+="$length$label"; done
query+='\\x00\\x00\\x01\\x00\\x01'
exec 3<>"/dev/udp/$server/53" || exit 1
printf "$query" >&3
timeout 3 dd bs=512 count=1 status=none <&3 | od -An -v -tx1 -N 8 | tr -d ' \\n'
echo
for ((i = 0; i < count; i++)); do
  from=$EPOCHREALTIME
  printf "$query" >&3
  if IFS= read -r -u 3 -t 2 -N 2 answer; then
    to=$EPOCHREALTIME
    echo $((\${to/[.,]/} - \${from/[.,]/}))
  else
    echo lost
    exec 3<>"/dev/udp/$server/53"
  fi
  read -rt "$pause" -u 4 || :
done
exit 0
`;

/** @throws `dns-failed` when the name is not answered at all: that would be no measurement of looking it up */
export async function runDnsLoad(options: DnsLoadOptions): Promise<DnsSample[]> {
  const { client, nameserver, name, dns, round, signal } = options;
  const count = Math.round(dns.rate * dns.seconds);
  if (count === 0) return [];
  const args = [nameserver, name, count, (1 / dns.rate).toFixed(4)].join(' ');
  const { stdout, stderr } = await client.node.session.exec(`nsenter -t ${client.pid} -n bash -s -- ${args}`, {
    label: 'time DNS lookups',
    root: true,
    input: SCRIPT,
    timeoutMs: dns.seconds * 1000 + count * 2000 + GRACE_MS,
    signal,
  });
  const [header = '', ...answers] = stdout.split('\n').filter(Boolean);
  const problem = problemOf(header);
  if (problem !== undefined)
    throw new DisklessError({
      code: 'dns-failed',
      host: client.node.name,
      message: `${nameserver} asked for ${name}: ${problem}`,
      detail: stderr.trim().slice(-500),
    });
  return answers.map((answer) => {
    const lost = answer === 'lost';
    const latencyMs = lost ? null : Math.max(0, Number(answer)) / 1000;
    return {
      round,
      node: client.node.name,
      nameserver,
      name,
      latencyMs,
      failure: lost ? 'no answer within 2 s' : null,
    };
  });
}

/** @param header First eight bytes of an answer in hex: identity, flags, number of questions and of answers (RFC 1035) */
function problemOf(header: string): string | undefined {
  if (header.length < 16) return 'no answer';
  const code = Number.parseInt(header.slice(6, 8), 16) & 0x0f;
  if (code !== 0) return `it answers with code ${code}`;
  return Number.parseInt(header.slice(12, 16), 16) === 0 ? 'it knows no address' : undefined;
}
