/**
 * A file or a folder (with a `/` at its end) that is shipped beside the code, by its path in the package. The way there is
 * the same from src and from dist, and this file knows it alone.
 */
export function packageFile(path: string): URL {
  return new URL(`../${path}`, import.meta.url);
}
