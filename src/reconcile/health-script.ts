import { CONTAINERD_UNIT } from '../components/containerd.js';
import type { HealthEndpoint } from '../components/health.js';
import { shellQuote } from '../ssh/quote.js';

export interface HealthScriptOptions {
  endpoints: readonly HealthEndpoint[];
  /**
   * Says nothing, or why containerd's CRI plugin is not up; 2 when it will not be before it is started again. Takes two
   * more words: seconds to wait, and how often systemd had started it again when the look began.
   */
  criCheck: string;
  /** How long the node waits for all of them to be well. */
  patienceS: number;
}

/** A daemon that ended before must have outlived this: longer than the start of one that ends again. */
const STEADY_S = 3;

/**
 * So often systemd starts a daemon again while it is looked at, until nothing more is hoped for: counted in attempts,
 * since a daemon that has to wait for another one needs more time, and no more attempts, where everything is slow.
 */
const HOPELESS_ENDS = 15;

/** Begins every line of the answer: a user's shell may have greeted before it. */
const UNHEALTHY = 'unhealthy ';

export interface Unhealthy {
  unit: string;
  /** The rest of a sentence about it, e.g. `does not answer`. */
  why: string;
}

/** Each daemon that is not well. */
export function parseHealth(stdout: string): Unhealthy[] {
  return stdout.split('\n').flatMap((line) => {
    const [, unit, why] = new RegExp(`^${UNHEALTHY}(\\S+) (.*)`).exec(line) ?? [];
    return unit !== undefined && why !== undefined ? [{ unit, why }] : [];
  });
}

/**
 * A bash script that waits until all daemons are well and prints nothing then; when its time is up, or one of them keeps
 * ending or has ended for good, a line `unhealthy UNIT WHY` for each that is not. The node looks itself: the operator learns of it in one round
 * trip.
 */
export function healthScript({ endpoints, criCheck, patienceS }: HealthScriptOptions): string {
  // Behind those that answer to curl.
  const containerd = endpoints.length;
  return `units=(${shellQuote(...endpoints.map(({ unit }) => unit), CONTAINERD_UNIT)})
requests=(${endpoints.map(({ url }) => `-o /dev/null ${shellQuote(url)}`).join(' ')})
until=$((SECONDS + ${patienceS}))
before=()
cri=unknown
life=
while :; do
  readarray -t answers < <(curl -sk --noproxy '*' -m 3 -w '%{http_code}\\n' "\${requests[@]}")
  readarray -t restarts < <(systemctl show -p NRestarts --value -- "\${units[@]}" | grep .)
  readarray -t started < <(systemctl show -p ExecMainStartTimestampMonotonic --value -- "\${units[@]}" | grep .)
  readarray -t states < <(systemctl show -p ActiveState --value -- "\${units[@]}" | grep .)
  read -r uptime _ </proc/uptime
  [ \${#before[@]} -gt 0 ] || before=("\${restarts[@]}")
  failing=()
  hopeless=()
  # Plugins are loaded once, when containerd starts: what is well stays so for as long as it runs.
  now="\${states[${containerd}]-} \${restarts[${containerd}]-}"
  if [ -n "$cri" ] || [ "$now" != "$life" ]; then
    life=$now
    cri=$(${criCheck} 0 "\${before[${containerd}]:-0}")
    ended=$?
    [ -z "$cri" ] || failing+=("${CONTAINERD_UNIT} \${cri#*$'\x1f'}")
    [ "$ended" -ne 2 ] || hopeless+=("\${failing[@]}")
  fi
  if [ -z "$cri" ]; then answers[${containerd}]=200; else answers[${containerd}]=told; fi
  for i in "\${!units[@]}"; do
    age=$((\${uptime%.*} - \${started[i]:-0} / 1000000))
    ending="\${units[i]} keeps ending: systemd started it again \${restarts[i]:-0} times"
    # 401, 403: it is there, and tells its health only to those it knows.
    case \${answers[i]:-000} in
      200 | 401 | 403)
        if [ "\${restarts[i]:-0}" -eq 0 ] || [ "$age" -ge ${STEADY_S} ]; then continue; fi
        failing+=("$ending") ;;
      told) continue ;;
      000)
        failing+=("\${units[i]} does not answer")
        if [ "\${states[i]-}" = failed ]; then hopeless+=("\${units[i]} has failed, and systemd does not start it again"); fi ;;
      *) failing+=("\${units[i]} answers with HTTP \${answers[i]}") ;;
    esac
    if [ $((\${restarts[i]:-0} - \${before[i]:-0})) -ge ${HOPELESS_ENDS} ]; then hopeless+=("$ending"); fi
  done
  [ \${#failing[@]} -gt 0 ] || exit 0
  if [ \${#hopeless[@]} -gt 0 ]; then
    failing=("\${hopeless[@]}")
    break
  fi
  [ "$SECONDS" -lt "$until" ] || break
  sleep 0.2
done
printf '${UNHEALTHY}%s\\n' "\${failing[@]}"
`;
}
