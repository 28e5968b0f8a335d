/** What tells one machine from another, whatever it has booted. */
export interface MachineIdentity {
  /** Addresses of its network cards, lower case, sorted; where it has none (a container), of the link SSH arrives at. */
  macs: string[];
  /** Its DMI UUID, lower case; absent where the firmware gives none, or one that is no identity. */
  uuid?: string | undefined;
}

export type SameMachine = 'same' | 'other' | 'unknown';

/**
 * Whether the machine that was read is the one that was recorded. A card in common says yes, unless the boards say no.
 * A board whose cards have all been replaced counts as another machine: nobody can tell it from a twin. `unknown` where
 * a record is too old to tell, or neither has a card.
 *
 * @param uuidsElsewhere UUIDs of other machines: vendors have given the same to many, which then says nothing
 */
export function sameMachine(
  recorded: MachineIdentity | undefined,
  read: MachineIdentity,
  uuidsElsewhere: ReadonlySet<string> = new Set(),
): SameMachine {
  if (recorded === undefined) return 'unknown';
  const telling = (uuid: string | undefined) => (uuid !== undefined && uuidsElsewhere.has(uuid) ? undefined : uuid);
  const [before, now] = [telling(recorded.uuid), telling(read.uuid)];
  if (before !== undefined && now !== undefined && before !== now) return 'other';
  if (recorded.macs.some((mac) => read.macs.includes(mac))) return 'same';
  if (recorded.macs.length > 0 && read.macs.length > 0) return 'other';
  return before !== undefined && before === now ? 'same' : 'unknown';
}

/** Of what is recorded by name, as much as tells the machine under one of the names. */
export type RecordedMachines = ReadonlyMap<string, { machine?: MachineIdentity | undefined }>;

/** Whether the machine that was read under a name is the one that was recorded under it. */
export function sameAsRecorded(recorded: RecordedMachines, name: string, read: MachineIdentity): SameMachine {
  const others = [...recorded].flatMap(([other, { machine }]) => (other === name ? [] : (machine?.uuid ?? [])));
  return sameMachine(recorded.get(name)?.machine, read, new Set(others));
}
