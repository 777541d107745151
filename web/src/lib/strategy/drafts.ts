// Text that was not saved yet, in this browser, one for each person and strategy: who signs in next
// is not shown what somebody else wrote.
import { session } from '../stores/session.svelte';

export interface Draft {
  source: string;
  /** The revision that was changed; null for a new strategy. */
  revision: number | null;
  at: string;
}

/** What is kept of a strategy without an id. */
export const NEW = 'new';
const key = (id: string) => `cofferdam.strategy.${session.view?.user.id ?? ''}.${id}`;

export function readDraft(id: string): Draft | null {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(key(id)) ?? 'null');
    return isDraft(found) ? found : null;
  } catch {
    return null;
  }
}

export function keepDraft(id: string, draft: Draft): void {
  try {
    localStorage.setItem(key(id), JSON.stringify(draft));
  } catch {
    // Storage is off or full; the text lasts as long as the page.
  }
}

export function dropDraft(id: string): void {
  try {
    localStorage.removeItem(key(id));
  } catch {
    // Nothing was kept.
  }
}

function isDraft(value: unknown): value is Draft {
  if (typeof value !== 'object' || value === null) return false;
  const { source, revision, at } = value as Partial<Draft>;
  return typeof source === 'string' && typeof at === 'string' && (revision === null || typeof revision === 'number');
}
