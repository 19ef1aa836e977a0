// Writes tests/vectors/metadata-chunk.txt, by docs/formats/metadata-chunk.md alone: node tests/vectors/metadata-chunk.mjs
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { brotliCompressSync } from 'node:zlib';

const json = [
  '{"00080018":{"vr":"UI","Value":["1.2.3.1"]},"7FE00010":{"vr":"OW","BulkDataURI":"bulkdata/7FE00010"}}',
  '{"00080018":{"vr":"UI","Value":["1.2.3.2"]},"00100010":{"vr":"PN","Value":[{"Alphabetic":"Wang^XiaoDong","Ideographic":"王^小東"}]}}',
];
const corrected = [-1n, BigInt(Date.UTC(2026, 0, 1))];
const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
const i64 = (value) => { const bytes = Buffer.alloc(8); bytes.writeBigInt64LE(value); return bytes; };
const u32 = (value) => { const bytes = Buffer.alloc(4); bytes.writeUInt32LE(value); return bytes; };
const names = Buffer.concat(json.map((_, index) => Buffer.concat([sha256(`file ${index}`), i64(corrected[index])])));
const texts = json.map((one) => Buffer.from(one));
const rest = Buffer.concat([...texts.map((one) => u32(one.length)), brotliCompressSync(Buffer.concat(texts))]);
const chunk = Buffer.concat([Buffer.from([1]), sha256(names, rest), rest]);
writeFileSync(new URL('metadata-chunk.txt', import.meta.url), `# A chunk of metadata, docs/formats/metadata-chunk.md, packed by metadata-chunk.mjs with the Brotli of Node.js. The contents are SHA-256 of
# "file 0" and "file 1"; the study of the second was corrected on 2026-01-01 at midnight UTC.
names ${names.toString('hex')}
chunk ${chunk.toString('hex')}
${json.map((one) => `json ${one}`).join('\n')}
`);
