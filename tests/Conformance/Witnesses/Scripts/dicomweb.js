// Asks a DICOMweb server by dicomweb-client, the client that viewers in the browser are made with.
// node dicomweb.js URL FILE…: stores the files, searches, retrieves all again, and prints one JSON document.
'use strict';
global.XMLHttpRequest = require('xhr2');
const { readFileSync } = require('fs');
const { createHash } = require('crypto');
const { api } = require('dicomweb-client');

const digest = (bytes) => createHash('sha256').update(Buffer.from(bytes)).digest('hex');
const value = (dataSet, tag) => (dataSet[tag] && dataSet[tag].Value ? dataSet[tag].Value[0] : null);

async function main(url, files) {
  const client = new api.DICOMwebClient({ url });
  const datasets = files.map((file) => {
    const bytes = readFileSync(file);
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  });
  await client.storeInstances({ datasets });
  const studies = await client.searchForStudies();
  const result = { studies: [] };
  for (const study of studies) {
    const studyInstanceUID = value(study, '0020000D');
    const series = await client.searchForSeries({ studyInstanceUID });
    const instances = await client.searchForInstances({ studyInstanceUID });
    const metadata = await client.retrieveStudyMetadata({ studyInstanceUID });
    const retrieved = await client.retrieveStudy({ studyInstanceUID });
    const seriesInstanceUID = value(series[0], '0020000E');
    const first = instances.find((instance) => value(instance, '0020000E') === seriesInstanceUID);
    const sopInstanceUID = value(first, '00080018');
    const instance = await client.retrieveInstance({ studyInstanceUID, seriesInstanceUID, sopInstanceUID });
    const described = metadata.find((one) => value(one, '00080018') === sopInstanceUID);
    const frames = described['7FE00010']
      ? await client.retrieveInstanceFrames({
        studyInstanceUID, seriesInstanceUID, sopInstanceUID, frameNumbers: [1],
        mediaTypes: [{ mediaType: 'application/octet-stream', transferSyntaxUID: '*' }],
      })
      : [];
    const bulk = described['7FE00010'] && value(described, '00083002').startsWith('1.2.840.10008.1.2.1')
      ? await client.retrieveBulkData({ BulkDataURI: described['7FE00010'].BulkDataURI })
      : [];
    result.studies.push({
      uid: studyInstanceUID,
      patient: value(study, '00100010'),
      series: series.length,
      instances: instances.length,
      metadata: metadata.length,
      retrieved: retrieved.map(digest).sort(),
      instance: digest(instance),
      frames: frames.map((frame) => frame.byteLength),
      bulk: bulk.length ? [].concat(bulk)[0].byteLength : null,
    });
  }
  result.none = (await client.searchForStudies({ queryParams: { PatientID: 'nobody-has-this' } })).length;
  console.log(JSON.stringify(result));
}

main(process.argv[2], process.argv.slice(3)).catch((fault) => {
  console.error(fault.message || fault, fault.response || '');
  process.exit(1);
});
