import { Refusal } from '../api.js';

const first = (dataSet, tag) => dataSet[tag]?.Value?.[0];

async function ask(path, accept, signal) {
  const answer = await fetch(path, { headers: { Accept: accept }, signal });
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => null);
  throw new Refusal(answer.status, problem?.code ?? '', problem?.detail ?? answer.statusText);
}

/** The instances of a series in the order of their numbers. */
export async function instancesOf(study, series, signal) {
  const answer = await ask(`/dicom-web/studies/${study}/series/${series}/instances?includefield=00200013`, 'application/dicom+json', signal);
  const found = answer.status === 204 ? [] : await answer.json();
  return found.map(one => ({ uid: first(one, '00080018'), number: Number(first(one, '00200013') ?? 0) })).sort((a, b) => a.number - b.number || a.uid.localeCompare(b.uid));
}

/**
 * The elements of an instance, sequences opened. The XML form of the metadata (PS3.19 §A.1) is asked for, because it has the keywords: so the page needs no dictionary.
 */
export async function elementsOf(study, series, instance, signal) {
  const answer = await ask(
    `/dicom-web/studies/${study}/series/${series}/instances/${instance}/metadata`, 'multipart/related; type="application/dicom+xml"', signal);
  const text = await answer.text();
  const begin = text.indexOf('<?xml') >= 0 ? text.indexOf('<?xml') : text.indexOf('<NativeDicomModel');
  const end = text.lastIndexOf('</NativeDicomModel>');
  const model = new DOMParser().parseFromString(text.slice(begin, end + '</NativeDicomModel>'.length), 'application/xml').documentElement;
  if (begin < 0 || end < 0 || model.getElementsByTagName('parsererror').length > 0) throw new Error('XML');
  const elements = [];
  walk(model, 0, '', elements);
  return elements;
}

function walk(parent, depth, path, elements) {
  for (const attribute of parent.children) {
    if (attribute.localName !== 'DicomAttribute') continue;
    const tag = attribute.getAttribute('tag') ?? '';
    const own = `${path}/${tag}`;
    const items = [...attribute.children].filter(child => child.localName === 'Item');
    elements.push({
      path: own, tag, depth, vr: attribute.getAttribute('vr') ?? '',
      keyword: attribute.getAttribute('keyword') ?? attribute.getAttribute('privateCreator') ?? '',
      value: items.length > 0 ? `[${items.length}]` : valueOf(attribute),
    });
    for (const [index, item] of items.entries()) walk(item, depth + 1, `${own}/${index}`, elements);
  }
}

function valueOf(attribute) {
  return [...attribute.children].map(child => {
    if (child.localName === 'PersonName') {
      return [...child.children].map(group => [...group.children].map(part => part.textContent).join(' ')).join(' = ');
    }
    if (child.localName === 'BulkData') return '…';
    return child.textContent;
  }).join(' \\ ');
}
