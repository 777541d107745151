// Which account a part of the settings is about: the one in the address, or the selected one.
import type { AccountView } from '../../lib/api/types';
import { router } from '../../lib/router.svelte';
import { desk } from '../../lib/stores/desk.svelte';

export function picked(): AccountView | null {
  const wanted = router.query.get('account');
  return desk.accounts.find((one) => one.id === wanted) ?? desk.account;
}

export const accountOptions = (): { value: string; text: string }[] => desk.accounts.map((one) => ({ value: one.id, text: one.name }));
