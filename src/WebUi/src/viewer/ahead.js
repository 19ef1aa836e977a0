import { studyOf } from '../api.js';
import { metadataOf, seriesOf } from './stack.js';

/** How long what was asked ahead is good for: who presses the button on a study opens it within this, or the next look asks anew. */
const freshMilliseconds = 5000;

let ahead = null;

const isWritten = one => Number(['SR', 'PR', 'KO', 'DOC'].includes(one.modality));

/** The series that is opened first: the largest is what the study was made for; scouts, summaries and what is written stand beside it. */
export const firstOf = series => [...series].sort((a, b) => isWritten(a) - isWritten(b) || b.images - a.images)[0];

function ask(study, signal) {
  const series = seriesOf(study, signal);
  // The metadata of what is here comes in one answer; of what is on its way the viewer asks image by image.
  const metadata = series.then(all => (firstOf(all)?.isHere ? metadataOf(study, firstOf(all), signal).next().then(step => step.value) : null));
  const asked = { study, at: Date.now(), about: studyOf(study, signal), series, metadata };
  // Whoever takes a promise hears of its fault; nobody may take one.
  for (const one of [asked.about, series, metadata]) one.catch(() => {});
  return asked;
}

/** Asks for what the viewer needs first as soon as the button is pressed. Not when a person only points at a study: what is asked is an access that the audit trail keeps. */
export function lookAhead(study) {
  if (ahead?.study !== study || Date.now() - ahead.at > freshMilliseconds) ahead = ask(study);
}

/** What the viewer needs first: of the study, its series, and the metadata of the first of them, or null where that comes in steps. */
export function takeFirst(study, signal) {
  const taken = ahead?.study === study && Date.now() - ahead.at <= freshMilliseconds ? ahead : ask(study, signal);
  ahead = null;
  return taken;
}
