// Short notes about what was done. Failures that need reading belong next to what failed.
export type ToastTone = 'good' | 'bad' | 'warn' | 'info';

export interface Toast {
  id: number;
  tone: ToastTone;
  text: string;
  detail?: string | undefined;
  link?: { href: string; text: string } | undefined;
}

const TOASTS_MAX = 4;
const LASTS_MS = 7_000;

class Toasts {
  list = $state<Toast[]>([]);
  #next = 1;

  show(tone: ToastTone, text: string, more: { detail?: string; link?: { href: string; text: string } } = {}): void {
    const id = this.#next++;
    this.list = [...this.list, { id, tone, text, ...more }].slice(-TOASTS_MAX);
    // What went wrong stays until it is dismissed.
    if (tone !== 'bad') setTimeout(() => this.dismiss(id), LASTS_MS);
  }

  dismiss(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();
