import { unpacked } from './files.js';
import { Memory } from './memory.js';
import { headBytes, metaOf } from './part10.js';
import { Batch, store } from './stow.js';

/** Requests on the line at a time: while the node writes one, the next is sent. */
const lanes = 3;
/** A line that breaks is tried again after these many milliseconds. */
const patience = [1000, 3000, 10000, 30000];
const mediaStorageDirectory = '1.2.840.10008.1.3.10';

/** An upload as it goes on; `state` is what the page shows. */
export class Upload {
  constructor(owner, state) {
    this.memory = new Memory(owner);
    this.state = state;
    this.ending = new AbortController();
    this.running = new Set();
  }

  /** Reads and sends until the source ends or the upload is stopped. */
  async run(source) {
    const { state } = this;
    let batch = new Batch();
    try {
      for await (const file of unpacked(source)) {
        if (this.ending.signal.aborted) break;
        const refusal = file.trouble ?? (await this.lookAt(file));
        state.found++;
        if (refusal === 'taken') {
          state.before++;
          continue;
        }
        if (refusal) {
          this.refuse(file.path, refusal);
          continue;
        }
        state.totalBytes += file.blob.size;
        if (!batch.takes(file)) {
          await this.send(batch);
          batch = new Batch();
        }
        batch.add(file);
      }
      if (batch.files.length > 0) await this.send(batch);
      await Promise.all(this.running);
      // What was refused for a reason that may pass is not forgotten: only all of it is an end.
      if (!this.ending.signal.aborted && state.broken === 0) await this.memory.forget();
    } catch (e) {
      if (e.name !== 'AbortError') throw e;
    }
  }

  stop() {
    this.ending.abort();
  }

  refuse(path, reason) {
    this.state.refused.push({ path, reason });
  }

  /** Why a file is not sent at all; nothing if it is. */
  async lookAt(file) {
    file.meta = metaOf(new Uint8Array(await file.blob.slice(0, headBytes).arrayBuffer()));
    if (!file.meta) return 'noDicom';
    if (file.meta.sopClass === mediaStorageDirectory) return 'directory';
    return (await this.memory.has(file.key)) ? 'taken' : '';
  }

  async send(batch) {
    const sending = this.deliver(batch).finally(() => this.running.delete(sending));
    sending.catch(() => {});
    this.running.add(sending);
    if (this.running.size >= lanes) await Promise.race(this.running);
  }

  async deliver(batch) {
    const { state } = this;
    let told = 0;
    const progress = part => {
      state.sentBytes += part * batch.bytes - told;
      told = part * batch.bytes;
    };
    for (let attempt = 0; ; attempt++) {
      try {
        const fates = await store(batch.files, progress, this.ending.signal);
        progress(1);
        state.stored += fates.filter(fate => fate === null).length;
        for (const [index, fate] of fates.entries()) if (fate !== null) this.refuse(batch.files[index].path, fate);
        await this.memory.add(batch.files.filter((_, index) => fates[index] === null).map(file => file.key));
        return;
      } catch (e) {
        progress(0);
        if (e.name === 'AbortError') throw e;
        // The node said no, or the line stays away: the files can be chosen again.
        if (![0, 429, 502, 503, 504].includes(e.status) || attempt === patience.length) {
          state.broken += batch.files.length;
          for (const file of batch.files) this.refuse(file.path, e.status === 401 ? 'logIn' : e.status === 403 ? 'rights' : e.message || 'line');
          if (e.status === 401) this.stop();
          return;
        }
        await new Promise(done => setTimeout(done, patience[attempt]));
      }
    }
  }
}
