// Times: the desk sends RFC 3339 in UTC with nanoseconds; people read UTC or local time.

export type Zone = 'utc' | 'local';

/** Milliseconds since 1970; null when the text is no time. */
export function millis(text: string | null | undefined): number | null {
  if (!text) return null;
  const cut = text.replace(/(\.\d{3})\d+/, '$1');
  const value = Date.parse(cut);
  return Number.isNaN(value) ? null : value;
}

function parts(at: number, zone: Zone): Record<string, string> {
  const format = new Intl.DateTimeFormat('en-GB', {
    year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit',
    hourCycle: 'h23', ...(zone === 'utc' ? { timeZone: 'UTC' } : {}),
  });
  return Object.fromEntries(format.formatToParts(at).map((part) => [part.type, part.value]));
}

/** `2008-06-05` */
export function date(text: string | number | null | undefined, zone: Zone): string {
  const at = typeof text === 'number' ? text : millis(text);
  if (at === null) return '–';
  const p = parts(at, zone);
  return `${p['year']}-${p['month']}-${p['day']}`;
}

/** `13:44:27` */
export function clock(text: string | number | null | undefined, zone: Zone): string {
  const at = typeof text === 'number' ? text : millis(text);
  if (at === null) return '–';
  const p = parts(at, zone);
  return `${p['hour']}:${p['minute']}:${p['second']}`;
}

/** `2008-06-05 13:44:27` */
export function moment(text: string | number | null | undefined, zone: Zone): string {
  const at = typeof text === 'number' ? text : millis(text);
  return at === null ? '–' : `${date(at, zone)} ${clock(at, zone)}`;
}

export function zoneName(zone: Zone): string {
  return zone === 'utc' ? 'UTC' : 'local';
}

/** A span in its largest unit: `3 s`, `12 min`, `5 h`, `9 d`. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** How long ago, seen from `now`. */
export function ago(text: string | null | undefined, now: number): string {
  const at = millis(text);
  return at === null ? '–' : now - at < 1000 ? 'now' : `${span(now - at)} ago`;
}

/** What is left until a time, `0:42` below an hour. */
export function left(text: string | null | undefined, now: number): string {
  const at = millis(text);
  if (at === null) return '–';
  const seconds = Math.max(0, Math.ceil((at - now) / 1000));
  if (seconds >= 3_600) return span(seconds * 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
