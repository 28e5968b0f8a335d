import { z } from 'zod';

export const text = z.string().min(1);
/** Milliseconds since the run began, on the operator's monotonic clock. */
export const moment = z.number().min(0);
/** A duration in milliseconds. */
export const milliseconds = z.number().min(0);
export const bitsPerSecond = z.number().min(0);
export const amount = z.int().min(0);
export const share = z.number().min(0).max(1);
/** ISO 8601, UTC. */
export const timestamp = z.iso.datetime();
/** Number of a round: 0 is the warm-up, whose samples are kept and never counted. */
export const roundNumber = z.int().min(0);
