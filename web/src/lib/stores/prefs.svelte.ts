// What a person chose for this browser. Never anything secret.
import { setGrouping } from '../format/number';
import type { Zone } from '../format/time';

type Theme = 'system' | 'dark' | 'light';
const BETWEEN: Record<string, string> = { comma: ',', space: '\u202f', none: '' };

function stored(name: string): string | null {
  try {
    return localStorage.getItem(`cofferdam.${name}`);
  } catch {
    return null;
  }
}

function store(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`cofferdam.${name}`);
    else localStorage.setItem(`cofferdam.${name}`, value);
  } catch {
    // Storage is off; the choice lasts as long as the page.
  }
}

class Prefs {
  theme = $state<Theme>('system');
  zone = $state<Zone>('utc');
  account = $state<string | null>(null);
  /** How thousands are set apart: comma, space or none. */
  numbers = $state('comma');
  /** Colours of gains and losses: green and red, or blue and orange. */
  gains = $state('green');
  /** What is shown now, the system's choice included. */
  shown = $state<'dark' | 'light'>('dark');

  constructor() {
    const theme = stored('theme');
    if (theme === 'dark' || theme === 'light') this.theme = theme;
    if (stored('zone') === 'local') this.zone = 'local';
    this.account = stored('account');
    this.setNumbers(stored('numbers') ?? 'comma');
    if (stored('gains') === 'blue') this.gains = 'blue';
  }

  setNumbers(value: string): void {
    this.numbers = value in BETWEEN ? value : 'comma';
    setGrouping(BETWEEN[this.numbers] ?? ',');
    store('numbers', this.numbers === 'comma' ? null : this.numbers);
  }

  setGains(value: string): void {
    this.gains = value === 'blue' ? 'blue' : 'green';
    store('gains', this.gains === 'green' ? null : this.gains);
    this.#apply();
  }

  /** Follows the system's theme while nothing else was chosen. */
  start(): void {
    const light = matchMedia('(prefers-color-scheme: light)');
    light.addEventListener('change', () => this.#apply());
    this.#apply();
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    store('theme', theme === 'system' ? null : theme);
    this.#apply();
  }

  toggleTheme(): void {
    this.setTheme(this.shown === 'dark' ? 'light' : 'dark');
  }

  toggleZone(): void {
    this.zone = this.zone === 'utc' ? 'local' : 'utc';
    store('zone', this.zone);
  }

  setAccount(id: string | null): void {
    this.account = id;
    store('account', id);
  }

  #apply(): void {
    const light = matchMedia('(prefers-color-scheme: light)').matches;
    this.shown = this.theme === 'system' ? (light ? 'light' : 'dark') : this.theme;
    document.documentElement.dataset['theme'] = this.shown;
    document.documentElement.dataset['gains'] = this.gains;
  }
}

export const prefs = new Prefs();
