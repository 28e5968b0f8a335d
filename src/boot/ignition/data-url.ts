import { gunzipSync } from 'node:zlib';

/** Text as an RFC 2397 URL. Percent-encoded rather than base64: what a machine gets can be read by people. */
export function dataUrl(text: string): string {
  return `data:,${encodeURIComponent(text)}`;
}

/** What a data URL holds, decompressed where it says so; undefined for other URLs and for broken ones. */
export function readDataUrl(url: string, compression?: string | null): string | undefined {
  const [whole, parameters = '', data = ''] = /^data:([^,]*),(.*)$/s.exec(url) ?? [];
  if (whole === undefined) return undefined;
  try {
    const bytes = Buffer.from(/;base64$/i.test(parameters) ? Buffer.from(data, 'base64') : decodeURIComponent(data));
    return (compression === 'gzip' ? gunzipSync(bytes) : bytes).toString('utf8');
  } catch {
    return undefined;
  }
}
