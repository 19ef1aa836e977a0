import { csrfHeaders, Refusal } from '../api.js';

/** One request carries this many files or bytes at most: enough to be fast, little enough to be sent again when the line breaks. */
const batchFiles = 20;
const batchBytes = 32 * 1024 * 1024;

/** Puts files together into requests. */
export class Batch {
  files = [];
  bytes = 0;

  takes(file) {
    return this.files.length === 0 || (this.files.length < batchFiles && this.bytes + file.blob.size <= batchBytes);
  }

  add(file) {
    this.files.push(file);
    this.bytes += file.blob.size;
  }
}

/** The body of a store request (PS3.18 §10.5); files stay on the disk until the browser sends them. */
function bodyOf(files) {
  const boundary = `panal-${Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('')}`;
  const parts = files.flatMap(file => [`\r\n--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`, file.blob]);
  return { boundary, blob: new Blob([...parts, `\r\n--${boundary}--\r\n`]) };
}

/** Sends files in one request and tells how many bytes have left. XMLHttpRequest, because fetch does not tell. */
function send(files, onProgress, signal) {
  const { boundary, blob } = bodyOf(files);
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    request.open('POST', '/dicom-web/studies');
    request.setRequestHeader('Content-Type', `multipart/related; type="application/dicom"; boundary=${boundary}`);
    request.setRequestHeader('Accept', 'application/dicom+json');
    for (const [name, value] of Object.entries(csrfHeaders())) request.setRequestHeader(name, value);
    request.upload.onprogress = event => onProgress(Math.min(event.loaded, blob.size) / blob.size);
    request.onerror = () => fail(new Refusal(0, 'line', ''));
    request.onabort = () => fail(new DOMException('stopped', 'AbortError'));
    request.onload = () => {
      let json = null;
      try {
        json = JSON.parse(request.responseText);
      } catch {
        // Told by the status.
      }
      if ([200, 202, 409].includes(request.status) && json) done(json);
      else fail(new Refusal(request.status, json?.code ?? '', json?.detail ?? request.statusText));
    };
    signal.addEventListener('abort', () => request.abort(), { once: true });
    if (signal.aborted) fail(new DOMException('stopped', 'AbortError'));
    else request.send(blob);
  });
}

const items = (answer, tag) => answer[tag]?.Value ?? [];

/**
 * Stores the files of a batch; returns for each what became of it: null, or the Failure Reason (0008,1197) of the standard as four hexadecimal digits.
 * Where the answer tells of failures without saying of which file, each is sent alone.
 */
export async function store(files, onProgress, signal) {
  const answer = await send(files, onProgress, signal);
  const reason = item => (item['00081197']?.Value?.[0] ?? 0x0110).toString(16).toUpperCase().padStart(4, '0');
  const others = items(answer, '0008119A');
  const stored = new Set(items(answer, '00081199').map(item => item['00081155']?.Value?.[0]));
  const failed = new Map(items(answer, '00081198').map(item => [item['00081155']?.Value?.[0], reason(item)]));
  if (files.length === 1) return [stored.size === 1 ? null : others.length ? reason(others[0]) : [...failed.values()][0] ?? '0110'];
  const told = files.map(file => failed.get(file.meta.sopInstance) ?? (stored.has(file.meta.sopInstance) ? null : undefined));
  for (const [index, fate] of told.entries()) {
    if (fate === undefined) [told[index]] = await store([files[index]], () => {}, signal);
  }
  return told;
}
