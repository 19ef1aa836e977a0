/** Longest beginning of a file that is looked at: preamble and file meta information (PS3.10 §7.1). */
export const headBytes = 4096;

const longLengths = new Set(['OB', 'OW', 'OF', 'OD', 'OL', 'OV', 'SQ', 'UC', 'UN', 'UR', 'UT', 'SV', 'UV']);

/** What the file meta information says; null where the bytes are no Part 10 file. */
export function metaOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 144 || String.fromCharCode(...bytes.subarray(128, 132)) !== 'DICM') return null;
  const texts = {};
  for (let at = 132; at + 8 <= bytes.length && view.getUint16(at, true) === 2;) {
    const element = view.getUint16(at + 2, true);
    const isLong = longLengths.has(String.fromCharCode(bytes[at + 4], bytes[at + 5]));
    if (isLong && at + 12 > bytes.length) break;
    const length = isLong ? view.getUint32(at + 8, true) : view.getUint16(at + 6, true);
    const begin = at + (isLong ? 12 : 8);
    if (length > bytes.length - begin) break;
    if (!isLong) texts[element] = String.fromCharCode(...bytes.subarray(begin, begin + length)).replace(/[\0 ]+$/, '');
    at = begin + length;
  }
  return { sopClass: texts[2] ?? '', sopInstance: texts[3] ?? '' };
}
