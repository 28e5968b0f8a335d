/** Which bytes of a resource are asked for; both ends included. */
export type WantedBytes = { start: number; end: number; partial: boolean } | 'unsatisfiable';

/**
 * One range of bytes, RFC 9110 §14.2. What is malformed, counts in other units or asks for several ranges at once is
 * ignored, as a server may: the answer is then the whole.
 *
 * @param header value of Range, undefined when it is absent or does not hold (If-Range)
 */
export function wantedBytes(header: string | undefined, size: number): WantedBytes {
  const whole = { start: 0, end: size - 1, partial: false };
  const [, first = '', last = ''] = /^\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(header ?? '') ?? [];
  if (first === '' && last === '') return whole;
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1, partial: true };
  }
  const start = Number(first);
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== '' && Number(last) < start) return whole;
  return start >= size ? 'unsatisfiable' : { start, end, partial: true };
}
