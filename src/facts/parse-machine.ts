import type { MachineIdentity } from '../node/machine.js';

export interface MachineLines {
  /** Names of links with a device behind them. */
  cards: readonly string[];
  /** `ip -o link show` */
  links: readonly string[];
  uuid: string;
  /** The link with the address that SSH arrived at. */
  reached: string | undefined;
}

/** A member of a bond shows the bond's address; `permaddr` is the card's own. */
const LINK = /^\d+:\s+([^:@\s]+)(?:@\S+)?:.*?\blink\/ether ([0-9a-f:]{17})(?:.*?\bpermaddr ([0-9a-f:]{17}))?/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Left empty by whoever made the board; the last is what many of them shipped unset. */
const NO_IDENTITY = /^(0+(-0+){4}|f+(-f+){4}|03000200-0400-0500-0006-000700080009)$/;

export function parseMachine({ cards, links, uuid, reached }: MachineLines): MachineIdentity {
  const addresses = new Map<string, string>();
  for (const line of links) {
    const [, name, current, own = current] = LINK.exec(line) ?? [];
    if (name !== undefined && own !== undefined) addresses.set(name, own);
  }
  const telling = cards.length > 0 ? cards : reached === undefined ? [] : [reached];
  const macs = telling.flatMap((name) => addresses.get(name) ?? []);
  const board = uuid.toLowerCase();
  return { macs: [...new Set(macs)].sort(), ...(UUID.test(board) && !NO_IDENTITY.test(board) && { uuid: board }) };
}
