// What an event makes old. The socket says that something happened; this says what to read again.

export type Part = 'desk' | 'accounts' | 'orders' | 'approvals' | 'instruments';

/** Which readings an event makes old. */
export function partsOf(kind: string): Part[] {
  if (kind === 'marked') return [];
  if (/^(kill|latch)/.test(kind)) return ['desk', 'accounts', 'orders'];
  if (/^(held|hold_|intent_held|approval)/.test(kind)) return ['approvals', 'accounts'];
  if (kind.startsWith('instrument')) return ['instruments'];
  if (/^(order_|cancel_|filled|close_)/.test(kind)) return ['orders', 'accounts', 'approvals'];
  if (kind === 'account_opened') return ['desk', 'accounts', 'instruments'];
  return ['accounts', 'approvals'];
}
