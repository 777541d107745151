// Colours of the current theme for charts that draw on a canvas.

export interface ChartColours {
  text: string;
  muted: string;
  line: string;
  panel: string;
  accent: string;
  up: string;
  down: string;
  warn: string;
  replay: string;
}

/** A colour between two of the tokens, `part` of the way from the first. */
export function mixed(from: string, to: string, part: number): string {
  // The build may have shortened `#ffffff` to `#fff`.
  const whole = (hex: string) => (hex.length === 4 ? hex.replace(/[\da-f]/gi, '$&$&') : hex);
  const channels = (hex: string) => [1, 3, 5].map((at) => Number.parseInt(whole(hex).slice(at, at + 2), 16));
  const end = channels(to);
  return `rgb(${channels(from).map((one, n) => Math.round(one + ((end[n] ?? one) - one) * part)).join(' ')})`;
}

export function chartColours(): ChartColours {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string) => style.getPropertyValue(`--c-${name}`).trim();
  return {
    text: read('text'), muted: read('muted'), line: read('line'), panel: read('panel'), accent: read('accent'), up: read('up'), down: read('down'),
    warn: read('warn'), replay: read('replay'),
  };
}
