// Decodes one JPEG 2000 frame with the codec that Cornerstone, and so OHIF, has in the browser:
//   node openjpeg.js FRAME SAMPLES    writes the samples and prints what the codec says of them, one JSON line
const fs = require('node:fs');

// The codec logs to standard output as it likes; the last line is ours.
require('@cornerstonejs/codec-openjpeg/decodewasmjs')().then(codec => {
  const [frame, samples] = process.argv.slice(2);
  const encoded = fs.readFileSync(frame);
  const decoder = new codec.J2KDecoder();
  decoder.getEncodedBuffer(encoded.length).set(encoded);
  decoder.decode();
  fs.writeFileSync(samples, decoder.getDecodedBuffer());
  console.log(JSON.stringify(decoder.getFrameInfo()));
});
