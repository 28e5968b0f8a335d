/** What tests that choose at random start from: the long lane gives and prints it; a run by itself has the same each time. */
export function testSeed(): number {
  return Number(process.env.K8S_DISKLESS_TEST_SEED ?? 1);
}
