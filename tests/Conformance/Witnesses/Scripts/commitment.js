// A storage commitment SCU made of dcmjs-dimse.
//   node commitment.js request PORT CALLED CALLING TRANSACTION CLASS INSTANCE [CLASS INSTANCE ...]   prints the N-ACTION status
//   node commitment.js listen PORT COUNT                                                            prints listening, COUNT results, one JSON line each, and done
const dimse = require('dcmjs-dimse');

const pushModel = '1.2.840.10008.1.20.1';
const pushModelInstance = '1.2.840.10008.1.20.1.1';
const { Client, Dataset, Scp, Server } = dimse;
const { NActionRequest } = dimse.requests;
const { CEchoResponse, NEventReportResponse } = dimse.responses;
const { PresentationContextResult, Status, TransferSyntax } = dimse.constants;

dimse.log.level = 'error';

function request(port, called, calling, transaction, ...references) {
  const sequence = [];
  for (let i = 0; i < references.length; i += 2) {
    sequence.push({ ReferencedSOPClassUID: references[i], ReferencedSOPInstanceUID: references[i + 1] });
  }
  const action = new NActionRequest(pushModel, pushModelInstance, 1);
  action.setDataset(new Dataset({ TransactionUID: transaction, ReferencedSOPSequence: sequence }));
  action.on('response', (response) => console.log(JSON.stringify({ status: response.getStatus() })));
  const client = new Client();
  client.addRequest(action);
  // The result may come while the association still stands; without an answer of ours the library breaks off. It is not taken here: it comes again to the listener.
  client.on('nEventReportRequest', (report, callback) => {
    const response = NEventReportResponse.fromRequest(report);
    response.setStatus(Status.ProcessingFailure);
    callback(response);
  });
  client.on('networkError', (error) => { console.error(error); process.exit(1); });
  client.on('associationRejected', (result) => { console.error(result); process.exit(2); });
  client.on('closed', () => process.exit(0));
  client.send('127.0.0.1', Number(port), calling, called);
}

function listen(port, count) {
  let left = Number(count);
  class Listener extends Scp {
    associationRequested(association) {
      for (const { context } of association.getPresentationContexts().map((c) => ({ context: association.getPresentationContext(c.id) }))) {
        const syntax = context.getTransferSyntaxUids().find((uid) => uid === TransferSyntax.ImplicitVRLittleEndian || uid === TransferSyntax.ExplicitVRLittleEndian);
        if (syntax) {
          context.setResult(PresentationContextResult.Accept, syntax);
        } else {
          context.setResult(PresentationContextResult.RejectTransferSyntaxesNotSupported);
        }
      }
      console.log(JSON.stringify({ calling: association.getCallingAeTitle(), called: association.getCalledAeTitle() }));
      this.sendAssociationAccept();
    }

    cEchoRequest(echo, callback) {
      const response = CEchoResponse.fromRequest(echo);
      response.setStatus(Status.Success);
      callback(response);
    }

    nEventReportRequest(report, callback) {
      console.log(JSON.stringify({ event: report.getEventTypeId(), dataset: report.getDataset().getElements() }));
      const response = NEventReportResponse.fromRequest(report);
      response.setStatus(Status.Success);
      callback(response);
      left -= 1;
      if (left === 0) {
        console.log('done');
      }
    }

    // Now and then this library misses a release and is aborted half a minute later: the end does not hang on it.
    associationReleaseRequested() {
      this.sendAssociationReleaseResponse();
    }
  }
  const server = new Server(Listener);
  server.on('listening', () => console.log('listening'));
  server.on('networkError', (error) => console.error(String(error)));
  server.listen(Number(port));
}

const [mode, ...rest] = process.argv.slice(2);
if (mode === 'request') {
  request(...rest);
} else {
  listen(...rest);
}
