import { Refusal } from '../api.js';

const value = (dataSet, tag) => dataSet[tag]?.Value?.[0];

/** What a reader would rather have than wait: what has come so far (RFC 7240 §4.3). The node marks it. */
export const asItIs = { Prefer: 'wait=0' };

async function json(path, signal, headers = {}) {
  const answer = await fetch(path, { headers: { Accept: 'application/dicom+json', ...headers }, signal });
  if (answer.status === 204) return [];
  const body = await answer.json();
  if (!answer.ok) throw new Refusal(answer.status, body?.code ?? '', body?.detail ?? answer.statusText);
  return body;
}

/** The series of a study, as QIDO-RS tells them (PS3.18 §10.6), in the order of their numbers. */
export async function seriesOf(study, signal) {
  const found = await json(`/dicom-web/studies/${study}/series?includefield=0008103E,00200011,00201209,00080056,00080060`, signal);
  return found
    .map(series => ({
      uid: value(series, '0020000E'),
      modality: value(series, '00080060') ?? '',
      number: Number(value(series, '00200011') ?? 0),
      description: value(series, '0008103E') ?? '',
      images: Number(value(series, '00201209') ?? 0),
      isHere: (value(series, '00080056') ?? 'ONLINE') === 'ONLINE',
    }))
    .sort((a, b) => a.number - b.number || a.uid.localeCompare(b.uid));
}

/** The metadata of a series: at once when all is here, else image by image as they come, so that the first can be shown. */
export async function* metadataOf(study, series, signal) {
  const root = `/dicom-web/studies/${study}/series/${series.uid}`;
  if (series.isHere) {
    yield await json(`${root}/metadata`, signal);
    return;
  }
  const instances = await json(`${root}/instances?includefield=00200013`, signal);
  instances.sort((a, b) => Number(value(a, '00200013') ?? 0) - Number(value(b, '00200013') ?? 0));
  for (const instance of instances) yield await json(`${root}/instances/${value(instance, '00080018')}/metadata`, signal, asItIs);
}

const numbers = (dataSet, tag, count) => {
  const values = dataSet[tag]?.Value;
  return values?.length === count ? values.map(Number) : null;
};

/** Where an image stands along the normal of the planes, in mm; null where it does not say (PS3.3 §C.7.6.2). */
function placeOf(dataSet) {
  const position = numbers(dataSet, '00200032', 3);
  const o = numbers(dataSet, '00200037', 6);
  if (!position || !o) return null;
  const normal = [o[1] * o[5] - o[2] * o[4], o[2] * o[3] - o[0] * o[5], o[0] * o[4] - o[1] * o[3]];
  return normal.reduce((sum, n, axis) => sum + n * position[axis], 0);
}

const orientationOf = dataSet => (numbers(dataSet, '00200037', 6) ?? []).map(n => n.toFixed(3)).join();

/** Images in the order a reader expects: through the body where all are parallel and none stands twice, else by their numbers. */
export function inOrder(dataSets) {
  const images = dataSets.filter(dataSet => value(dataSet, '00280010') && value(dataSet, '00280011'));
  const placed = images.map(image => ({ image, place: placeOf(image), number: Number(value(image, '00200013') ?? 0) }));
  const isVolume = images.length > 1
    && placed.every(one => one.place !== null)
    && new Set(images.map(orientationOf)).size === 1
    && new Set(placed.map(one => one.place.toFixed(2))).size === images.length;
  placed.sort((a, b) => (isVolume ? a.place - b.place : 0) || a.number - b.number);
  // A volume begins at the end where its numbering begins.
  if (isVolume && placed[0].number > placed[placed.length - 1].number) placed.reverse();
  return placed.map(one => one.image);
}

/** The images of a data set for Cornerstone3D: one for each frame, read from the frames resource as they are stored. */
export function imageIdsOf(study, series, dataSet) {
  const root = `wadors:${location.origin}/dicom-web/studies/${study}/series/${series}/instances/${value(dataSet, '00080018')}/frames/`;
  return Array.from({ length: Math.max(1, Number(value(dataSet, '00280008') ?? 1)) }, (_, index) => root + (index + 1));
}

/** Where the node draws the presentation states of a series, in the order of their numbers (PS3.18 §10.4.1.1.3). */
export async function picturesOf(study, series, signal) {
  const root = `/dicom-web/studies/${study}/series/${series}/instances`;
  const states = await json(`${root}?includefield=00200013`, signal);
  states.sort((a, b) => Number(value(a, '00200013') ?? 0) - Number(value(b, '00200013') ?? 0));
  return states.map(state => `${root}/${value(state, '00080018')}/rendered`);
}

/** Frames a second that the images ask for (PS3.3 §C.7.6.5), or 10. */
export function rateOf(dataSet) {
  const rate = Number(value(dataSet, '00082144') ?? value(dataSet, '00180040') ?? 0) || (Number(value(dataSet, '00181063')) > 0 ? 1000 / Number(value(dataSet, '00181063')) : 10);
  return Math.min(60, Math.max(1, Math.round(rate)));
}
