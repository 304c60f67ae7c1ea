// Numbers as people read them. What is not known is a dash.

const kUnknown = '–';
const whole = new Intl.NumberFormat('en', {maximumFractionDigits: 0});
const short = new Intl.NumberFormat('en', {notation: 'compact', maximumFractionDigits: 1});

const known = (value) => value !== null && value !== undefined && Number.isFinite(value);

export const count = (value) => (known(value) ? whole.format(value) : kUnknown);

// 1,234 but 12.3K: fits a narrow column.
export const compact = (value) => (known(value) ? (value < 10000 ? whole : short).format(value) : kUnknown);

// A rate: one digit behind the point while it is small.
export const rate = (value) =>
    (!known(value)                 ? kUnknown :
         value > 0 && value < 9.95 ? value.toFixed(1) :
                                     compact(value));

export function bytes(value) {
  if (!known(value)) return kUnknown;
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit += 1) value /= 1024;
  return `${unit > 0 && value < 100 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

export function percent(share) {
  if (!known(share)) return kUnknown;
  return `${share < 0.0995 ? (share * 100).toFixed(1) : Math.round(share * 100)} %`;
}

// A time span of so many microseconds.
export function span(us) {
  if (!known(us)) return kUnknown;
  if (us < 1000) return `${Math.round(us)} µs`;
  if (us < 1e6) return `${us < 1e4 ? (us / 1e3).toFixed(1) : Math.round(us / 1e3)} ms`;
  if (us < 60e6) return `${(us / 1e6).toFixed(1)} s`;
  const minutes = Math.floor(us / 60e6);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}

// The local time of day of a time in milliseconds since 1970: 14:03:07.123.
export function clock(ms) {
  const date = new Date(ms);
  const two = (number) => String(number).padStart(2, '0');
  const thousandths = String(date.getMilliseconds()).padStart(3, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${thousandths}`;
}

export const plural = (number, noun) => `${count(number)} ${noun}${number === 1 ? '' : 's'}`;
