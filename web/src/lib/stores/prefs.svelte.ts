// What a person chose for this browser. Never anything secret.
import type { Zone } from '../format/time';

type Theme = 'system' | 'dark' | 'light';

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
  /** What is shown now, the system's choice included. */
  shown = $state<'dark' | 'light'>('dark');

  constructor() {
    const theme = stored('theme');
    if (theme === 'dark' || theme === 'light') this.theme = theme;
    if (stored('zone') === 'local') this.zone = 'local';
    this.account = stored('account');
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
  }
}

export const prefs = new Prefs();
