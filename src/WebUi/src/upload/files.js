import { Unzip, UnzipInflate } from 'fflate';

/** A ZIP has at most this many files, each of at most this many bytes, and grows at most so many times: more is an attack, or no study. */
const zipFiles = 100_000;
const zipFileBytes = 4 * 1024 * 1024 * 1024;
const zipGrowth = 200;
const zipFreeBytes = 64 * 1024 * 1024;

/** Why a ZIP is not read on. */
export class ZipTrouble extends Error {
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

const isZip = file => /\.zip$/i.test(file.name) || ['application/zip', 'application/x-zip-compressed'].includes(file.type);

/** The files of what was dropped, folders walked; entries must be taken before the event ends. */
export async function* dropped(transfer) {
  const entries = [...transfer.items].filter(item => item.kind === 'file').map(item => item.webkitGetAsEntry?.() ?? item.getAsFile());
  for (const entry of entries) if (entry) yield* walk(entry);
}

async function* walk(entry) {
  if (entry instanceof File) {
    yield { path: entry.name, file: entry };
  } else if (entry.isFile) {
    yield { path: entry.fullPath.replace(/^\//, ''), file: await new Promise((done, fail) => entry.file(done, fail)) };
  } else {
    const reader = entry.createReader();
    // A reader gives some at a time, and none at the end.
    for (let some = await read(reader); some.length > 0; some = await read(reader)) for (const one of some) yield* walk(one);
  }
}

const read = reader => new Promise((done, fail) => reader.readEntries(done, fail));

/** The files that were chosen. */
export function* chosen(list) {
  for (const file of list) yield { path: file.webkitRelativePath || file.name, file };
}

/** Each file, and the files in each ZIP; a ZIP is read no faster than its files are taken. */
export async function* unpacked(source) {
  for await (const one of source) {
    if (isZip(one.file)) yield* zip(one);
    else yield { path: one.path, blob: one.file, key: `${one.path}|${one.file.size}|${one.file.lastModified}` };
  }
}

async function* zip({ path, file }) {
  const found = [];
  let trouble = null;
  let count = 0;
  let grown = 0;
  let open = 0;
  const unzip = new Unzip(entry => {
    if (trouble || entry.name.endsWith('/')) return;
    if (++count > zipFiles) return void (trouble = new ZipTrouble('zipFiles'));
    const parts = [];
    let length = 0;
    open++;
    entry.ondata = (error, data, isLast) => {
      if (error) return void (trouble = new ZipTrouble('zipBroken'));
      length += data.length;
      grown += data.length;
      if (length > zipFileBytes) return void (trouble = new ZipTrouble('zipFile'));
      if (grown > zipFreeBytes && grown > file.size * zipGrowth) return void (trouble = new ZipTrouble('zipGrowth'));
      // A Blob may be put on the disk by the browser; an array of bytes stays in memory.
      parts.push(new Blob([data]));
      if (!isLast) return;
      open--;
      found.push({ path: `${path}/${entry.name}`, blob: new Blob(parts), key: `${path}|${file.size}|${file.lastModified}/${entry.name}|${length}` });
    };
    try {
      entry.start();
    } catch {
      // A way of packing that this page does not know.
      trouble = new ZipTrouble('zipBroken');
    }
  });
  unzip.register(UnzipInflate);
  const reader = file.stream().getReader();
  try {
    for (let { done, value } = await reader.read(); !done && !trouble; { done, value } = await reader.read()) {
      // In small steps: what is packed well grows much at once.
      for (let at = 0; at < value.length && !trouble; at += 65536) {
        push(unzip, value.subarray(at, at + 65536), false);
        while (found.length > 0) yield found.shift();
      }
    }
    if (!trouble) push(unzip, new Uint8Array(0), true);
    while (found.length > 0) yield found.shift();
    if (count === 0 || open > 0) trouble ??= new ZipTrouble('zipBroken');
  } catch (e) {
    trouble ??= e instanceof ZipTrouble ? e : new ZipTrouble('zipBroken');
  } finally {
    reader.cancel().catch(() => {});
  }
  if (trouble) yield { path, trouble: trouble.reason };
}

function push(unzip, bytes, isLast) {
  try {
    unzip.push(bytes, isLast);
  } catch {
    throw new ZipTrouble('zipBroken');
  }
}
