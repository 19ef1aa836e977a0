// An SCU of Instance Availability Notification made of dcmjs-dimse; prints the status of the N-CREATE as JSON.
//   node notice.js PORT CALLED CALLING STUDY SERIES [CLASS INSTANCE ...]   a SERIES of - leaves the references out
const dimse = require('dcmjs-dimse');

const instanceAvailabilityNotification = '1.2.840.10008.5.1.4.33';
const { Client, Dataset } = dimse;
const { NCreateRequest } = dimse.requests;

dimse.log.level = 'error';

const [port, called, calling, study, series, ...references] = process.argv.slice(2);
const instances = [];
for (let i = 0; i < references.length; i += 2) {
  instances.push({
    ReferencedSOPClassUID: references[i], ReferencedSOPInstanceUID: references[i + 1], InstanceAvailability: 'ONLINE', RetrieveAETitle: calling,
  });
}
const notice = new NCreateRequest(instanceAvailabilityNotification, Dataset.generateDerivedUid());
notice.setDataset(new Dataset({
  StudyInstanceUID: study,
  ReferencedPerformedProcedureStepSequence: [],
  ...(series === '-' ? {} : { ReferencedSeriesSequence: [{ SeriesInstanceUID: series, ReferencedSOPSequence: instances }] }),
}));
notice.on('response', (response) => console.log(JSON.stringify({ status: response.getStatus() })));
const client = new Client();
client.addRequest(notice);
client.on('networkError', (error) => { console.error(error); process.exit(1); });
client.on('associationRejected', (result) => { console.error(result); process.exit(2); });
client.on('closed', () => process.exit(0));
client.send('127.0.0.1', Number(port), calling, called);
