import type { Stamped } from '../../runner/events.js';
import type { ImageRole } from '../images/image-set.js';

/** What a machine fetches, in the order of its boot; `entry` is the script that DHCP names. */
export type BootStage = 'entry' | 'script' | ImageRole | 'ignition';

/** Who asked. */
export interface Client {
  address: string;
  /** Known once the machine has asked for the script of its MAC address. */
  mac?: string;
  /** Node name, of a machine among the hosts. */
  host?: string;
}

export interface Transfer extends Client {
  /** Counts the requests of this server. */
  id: number;
  stage: BootStage;
  /** Path below the boot URL. */
  file: string;
}

export type BootEventBody =
  | {
      type: 'serving';
      url: string;
      listen: string;
      /** Operating system and version. */
      os: string;
      trust: string;
      files: { name: string; bytes: number }[];
      /** What a machine is expected to fetch. */
      stages: BootStage[];
      /** Node names, in their order. */
      hosts: string[];
    }
  | ({ type: 'transfer-started'; bytes: number } & Transfer)
  /** Only for watching: how far a large file is. */
  | ({ type: 'transfer-progress'; sent: number; bytes: number } & Transfer)
  | ({
      type: 'transfer-finished';
      status: number;
      sent: number;
      /** Bytes of this answer; less than the file with a range. */
      bytes: number;
      durationMs: number;
      /** `aborted`: the machine hung up; `stalled`: it took nothing for a minute; `failed`: our fault. */
      outcome: 'done' | 'aborted' | 'stalled' | 'failed';
      reason?: string;
    } & Transfer)
  /** Something that is not served, or not like this. */
  | ({ type: 'request-refused'; status: number; path: string } & Client)
  /** A machine whose MAC address no host has, where every host has one. */
  | ({ type: 'unknown-machine' } & Client)
  | { type: 'stopping'; transfers: number }
  | { type: 'stopped'; requests: number; sent: number };

export type BootEvent = Stamped<BootEventBody>;
