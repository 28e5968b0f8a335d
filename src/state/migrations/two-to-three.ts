import type { Migration } from './migration.js';

/** The operator has an ID and a generation. Copies of a record that says neither are copies of one, and get the same. */
export const twoToThree: Migration = {
  cluster: (record) => ({ ...record, operator: { id: record.clusterId, generation: 1 } }),
  node: (record) => record,
};
