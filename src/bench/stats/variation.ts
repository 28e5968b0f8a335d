/** Above this the rounds disagree too much for their median to be quoted without a warning. */
export const CV_LIMIT = 0.1;

/** Coefficient of variation: sample standard deviation over mean. undefined below two values or without a finite mean. */
export function coefficientOfVariation(values: readonly number[]): number | undefined {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length < 2 || !Number.isFinite(mean) || mean === 0) return undefined;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1)) / mean;
}
