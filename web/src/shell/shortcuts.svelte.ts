// Keys. `g` then a letter goes to a screen; single letters never act while somebody types.
import { router } from '../lib/router.svelte';
import { prefs } from '../lib/stores/prefs.svelte';
import { session } from '../lib/stores/session.svelte';
import { SCREENS } from '../routes/routes';

/** How long after `g` the letter may come. */
const CHORD_MS = 1_200;

class Shortcuts {
  palette = $state(false);
  help = $state(false);
  #chord = 0;

  handle(event: KeyboardEvent): void {
    if (session.phase !== 'signed_in') return;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      this.palette = !this.palette;
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector('dialog[open]')) return;
    if (event.timeStamp - this.#chord < CHORD_MS) {
      this.#chord = 0;
      const screen = SCREENS.find((one) => one.key === event.key);
      if (screen) {
        event.preventDefault();
        router.go(screen.path);
      }
      return;
    }
    if (event.key === 'g') this.#chord = event.timeStamp;
    else if (event.key === '?') this.help = true;
    else if (event.key === 'u') prefs.toggleZone();
  }
}

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName));
}

export const shortcuts = new Shortcuts();
