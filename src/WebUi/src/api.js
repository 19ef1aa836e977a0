/** What the node said instead of doing it: `code` for the program, `message` for the person. */
export class Refusal extends Error {
  constructor(status, code, detail) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

let csrfToken = '';

/** The headers of a change: the token of the session, which another site cannot read. */
export const csrfHeaders = () => (csrfToken ? { 'X-Panal-Csrf': csrfToken } : {});

/** Asks the node for JSON; changes carry the token of the session, which another site cannot read. */
export async function ask(method, path, body, signal) {
  const headers = { Accept: 'application/json', ...csrfHeaders() };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const answer = await fetch(path, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
  const text = await answer.text();
  const json = text ? JSON.parse(text) : null;
  if (!answer.ok) throw new Refusal(answer.status, json?.code ?? '', json?.detail ?? json?.reason ?? answer.statusText);
  if (json?.csrfToken !== undefined) csrfToken = json.csrfToken;
  return json;
}

/** Who is logged in, or null. */
export async function session() {
  try {
    return await ask('GET', '/api/session');
  } catch (refusal) {
    if (refusal.status === 401) return null;
    throw refusal;
  }
}

const first = (study, tag) => study[tag]?.Value?.[0];

/** One study as the list shows it, of a QIDO-RS answer (PS3.18 §10.6). */
function row(study) {
  const date = first(study, '00080020') ?? '';
  return {
    uid: first(study, '0020000D'),
    name: (first(study, '00100010')?.Alphabetic ?? '').replaceAll('^', ' ').trim(),
    id: first(study, '00100020') ?? '',
    date: date.length === 8 ? `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}` : date,
    modalities: (study['00080061']?.Value ?? []).join(' '),
    description: first(study, '00081030') ?? '',
    accession: first(study, '00080050') ?? '',
    instances: first(study, '00201208') ?? '',
    isHere: (first(study, '00080056') ?? 'ONLINE') === 'ONLINE',
  };
}

async function qido(query, signal) {
  const found = await fetch(`/dicom-web/studies?${query}`, { headers: { Accept: 'application/dicom+json' }, signal });
  if (found.status === 204) return [];
  const json = await found.json();
  if (!found.ok) throw new Refusal(found.status, json?.code ?? '', json?.detail ?? found.statusText);
  return json;
}

/** One study. */
export async function studyOf(uid, signal) {
  const [study] = await qido(new URLSearchParams({ StudyInstanceUID: uid, includefield: '00081030,00080050,00201208' }), signal);
  return study ? row(study) : null;
}

/** Attributes by which a study and its patient are told, for those who correct them: keyword and tag. */
const corrected = {
  PatientName: '00100010', PatientID: '00100020', IssuerOfPatientID: '00100021', PatientBirthDate: '00100030', PatientSex: '00100040', AccessionNumber: '00080050',
  StudyID: '00200010', StudyDate: '00080020', StudyTime: '00080030', StudyDescription: '00081030', ReferringPhysicianName: '00080090',
};
export const correctable = Object.keys(corrected);

/** What is said of a study and its patient, by keyword; a name with its three groups as PS3.5 §6.2.1.2 writes it. */
export async function described(uid) {
  const [study] = await qido(new URLSearchParams({ StudyInstanceUID: uid, includefield: Object.values(corrected).join() }));
  const text = value => (typeof value === 'object' ? [value.Alphabetic, value.Ideographic, value.Phonetic].map(group => group ?? '').join('=').replace(/=+$/, '') : String(value ?? ''));
  return Object.fromEntries(Object.entries(corrected).map(([keyword, tag]) => [keyword, text(study && first(study, tag))]));
}

/** Studies that a person asks for: each word begins a word of name, ID, accession number or description; of these days, of a modality; sorted by an attribute, `-` before it for the other way round. */
export async function studies({ text, from, to, modality, order }, limit, offset, signal) {
  const query = new URLSearchParams({ limit: String(limit), offset: String(offset), includefield: '00081030,00080050,00201208,00080056', orderby: order });
  if (text.trim()) query.set('text', text);
  if (from || to) query.set('StudyDate', `${from}-${to}`.replace(/(\d{4})-(\d\d)-(\d\d)/g, '$1$2$3'));
  if (modality) query.set('ModalitiesInStudy', modality);
  return (await qido(query, signal)).map(row);
}
