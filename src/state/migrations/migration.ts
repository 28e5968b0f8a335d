/** A record as it lies in its file, whatever release wrote it. */
export type RawRecord = Readonly<Record<string, unknown>>;

export type RecordKind = 'cluster' | 'node';

/** From one version of the records to the next, each kind by a pure function. What is damaged is left for the schema. */
export type Migration = Readonly<Record<RecordKind, (record: RawRecord) => RawRecord>>;
