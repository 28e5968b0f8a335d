/** Which copy of the operator's state was used last, as a node or etcd knows it. */
export interface OperatorMark {
  /** Random hex, anew whenever a copy is taken into use. */
  id: string;
  /** From 1; raised whenever a copy is taken into use. */
  generation: number;
}

/** `GENERATION ID` */
export const markText = ({ generation, id }: OperatorMark): string => `${generation} ${id}`;

/** undefined for what is no such mark. */
export function parseMark(text: string): OperatorMark | undefined {
  const [, generation, id] = /^([1-9]\d{0,14}) ([0-9a-f]+)$/.exec(text.trim()) ?? [];
  return id === undefined ? undefined : { id, generation: Number(generation) };
}

/** Whether what was found says that another copy is in use. Where nothing is said, the first one was, of which all are copies. */
export function isSuperseded(own: OperatorMark, found: OperatorMark | undefined): boolean {
  if (found === undefined) return false;
  return found.generation > own.generation || (found.generation === own.generation && found.id !== own.id);
}

/** Whether what was found has to be written anew. */
export function isMarked(own: OperatorMark, found: OperatorMark | undefined): boolean {
  if (found === undefined) return own.generation === 1;
  return found.generation === own.generation && found.id === own.id;
}
