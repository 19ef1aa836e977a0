/**
 * Which files the node has taken, kept by the browser: after a reload the same files are chosen again and go on where they stood. Names of files may tell of
 * patients, so only their hashes are kept, and they are forgotten when an upload is complete.
 */
const name = 'panal-upload';

const open = () => new Promise((done, fail) => {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore('taken');
  request.onsuccess = () => done(request.result);
  request.onerror = () => fail(request.error);
});

const run = (database, mode, act) => new Promise((done, fail) => {
  const transaction = database.transaction('taken', mode);
  const request = act(transaction.objectStore('taken'));
  transaction.oncomplete = () => done(request?.result);
  transaction.onerror = transaction.onabort = () => fail(transaction.error);
});

/** SHA-256, where the browser gives it (over TLS and on this machine); else nothing is remembered. */
async function hashOf(key) {
  if (!crypto.subtle) return null;
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(key)));
}

export class Memory {
  constructor(owner) {
    this.owner = owner;
    this.database = open().catch(() => null);
  }

  /** How many files of an upload that did not end were taken. */
  async count() {
    const database = await this.database;
    return database ? run(database, 'readonly', store => store.count()) : 0;
  }

  async has(key) {
    const [database, hash] = [await this.database, await hashOf(`${this.owner}|${key}`)];
    return database && hash ? (await run(database, 'readonly', store => store.count(hash))) > 0 : false;
  }

  async add(keys) {
    const database = await this.database;
    const hashes = (await Promise.all(keys.map(key => hashOf(`${this.owner}|${key}`)))).filter(hash => hash);
    if (database && hashes.length > 0) await run(database, 'readwrite', store => { for (const hash of hashes) store.put(1, hash); });
  }

  async forget() {
    const database = await this.database;
    if (database) await run(database, 'readwrite', store => { store.clear(); });
  }
}
