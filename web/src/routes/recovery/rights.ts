// Why somebody may not release, and who can.
import { session } from '../../lib/stores/session.svelte';

export const mayNot = (): string =>
  session.mayTrade
    ? 'Releasing takes the grant of every account, and some are not granted to you. A trader with all accounts or an admin can.'
    : 'Your role may look, not release. A trader with all accounts or an admin can.';
