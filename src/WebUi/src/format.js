const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** Bytes as a person reads them, in powers of 1000 as disks and lines are sold. */
export function bytes(value) {
  if (value === null || value === undefined) return '–';
  let unit = 0;
  let number = value;
  for (; number >= 1000 && unit < units.length - 1; unit++) number /= 1000;
  return `${number.toFixed(unit === 0 || number >= 100 ? 0 : 1)} ${units[unit]}`;
}

export const rate = value => (value === null || value === undefined ? '–' : `${bytes(value)}/s`);

/** A number that is no amount of bytes. */
export const figure = value => (value === null || value === undefined ? '–' : value >= 100 || Number.isInteger(value) ? Math.round(value).toLocaleString() : value.toFixed(1));

export function time(text, language) {
  return text ? new Date(text).toLocaleString(language, { dateStyle: 'short', timeStyle: 'medium' }) : '–';
}

/** Seconds as hours, minutes and seconds. */
export function span(seconds) {
  if (seconds === null || seconds === undefined) return '–';
  const whole = Math.round(seconds);
  const two = n => String(n).padStart(2, '0');
  return whole >= 3600 ? `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}` : `${Math.floor(whole / 60)}:${two(whole % 60)}`;
}
