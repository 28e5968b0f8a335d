import { parseListen } from '../config/boot-scalars.js';
import { PAGE_LISTEN, type ServeConfig } from '../config/serve-schema.js';
import { usageError } from '../errors.js';
import { type PageAccess, readPageAccess } from './page-access.js';

export interface PageSettings {
  listen: { host: string; port: number };
  access: PageAccess;
}

/**
 * Where the page is, and who may look at it.
 *
 * @param listen from the command line; wins over what is configured
 * @throws usage error (exit 2), also where others could reach a page that nothing protects
 */
export async function pageSettings(config: ServeConfig['page'] = {}, listen?: string): Promise<PageSettings> {
  const { listen: configured = PAGE_LISTEN, ...files } = config;
  const place = parseListen(listen ?? configured);
  if (place === undefined) throw notAnAddress(listen ?? configured);
  return { listen: place, access: await readPageAccess({ host: place.host, ...files }) };
}

function notAnAddress(text: string) {
  return usageError({
    code: 'page-listen-invalid',
    message: `--page-listen ${JSON.stringify(text)} is not ADDRESS:PORT`,
    hint: `for example --page-listen ${PAGE_LISTEN}, or [::1]:8400`,
  });
}
