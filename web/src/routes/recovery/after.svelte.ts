// What the last release leaves to do, for as long as this page's session lasts.
import type { Aftermath } from '../../lib/format/aftermath';

class After {
  /** When it was released here, by this device's clock. */
  released = $state<number | null>(null);
  /** What the stop had done, by account. */
  found = $state.raw<Record<string, Aftermath>>({});

  note(account: string, what: Aftermath): void {
    this.found = { ...this.found, [account]: what };
  }

  done(): void {
    this.released = null;
    this.found = {};
  }
}

export const after = new After();
