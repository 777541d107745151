// Colours of the current theme for charts that draw on a canvas.

export interface ChartColours {
  text: string;
  muted: string;
  line: string;
  panel: string;
  accent: string;
  up: string;
  down: string;
}

export function chartColours(): ChartColours {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string) => style.getPropertyValue(`--c-${name}`).trim();
  return {
    text: read('text'), muted: read('muted'), line: read('line'), panel: read('panel'), accent: read('accent'), up: read('up'), down: read('down'),
  };
}
