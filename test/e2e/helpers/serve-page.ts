/** As much of what the page of `serve` is drawn from as tests ask for. */
export interface Shown {
  nodes: object[];
  problems: object[];
  serve: { log?: { lagMs: number; problem?: string } };
}

const LISTEN = '127.0.0.1:8401';

/** For `serve`: not where one of another lab listens by default. */
export const AT_PAGE: readonly string[] = ['--page-listen', LISTEN];

/** What its page answers at. */
export const PAGE_URL = `http://${LISTEN}`;

/** undefined while there is no page. */
export async function shown(): Promise<Shown | undefined> {
  const answer = await fetch(`${PAGE_URL}/api/v1/status`).catch(() => undefined);
  return answer?.ok ? ((await answer.json()) as Shown) : undefined;
}

/** Whether each change of an object is written down by now. */
export async function isFollowed(): Promise<boolean> {
  const log = (await shown())?.serve.log;
  return log !== undefined && log.problem === undefined;
}
