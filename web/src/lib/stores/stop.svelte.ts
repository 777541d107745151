// The kill switch as buttons pull it.
import { Action } from '../api/action.svelte';
import { api, ok } from '../api/client';
import type { KillReportView } from '../api/types';
import { desk } from './desk.svelte';
import { toasts } from './toasts.svelte';

export type Level = 'pause' | 'halt' | 'flatten';

const DONE: Record<Level, string> = {
  pause: 'Entries are paused', halt: 'Entry orders are being cancelled', flatten: 'Everything is being closed',
};

class Stop {
  /** The dialog of Close everything. */
  asking = $state(false);
  pending = $state<Level | null>(null);
  readonly action = new Action<KillReportView>();

  async pull(level: Level): Promise<void> {
    if (this.pending) return;
    this.pending = level;
    const report = await this.action.run((headers) =>
      ok(api.POST('/api/kill', { params: { header: headers }, body: { level, reason: 'pulled on the dashboard' } })),
    );
    this.pending = null;
    desk.refresh();
    if (!report) {
      const problem = this.action.problem;
      // The dialog shows it itself.
      if (problem && !this.asking) toasts.show('bad', problem.detail, { detail: `${problem.remedy} cofferdam kill ${level} works without this page.` });
      return;
    }
    this.asking = false;
    const link = { href: '/recovery', text: 'Recovery' };
    if (report.acknowledged) toasts.show('good', DONE[level], { detail: 'Exits and stops still work.', link });
    else {
      const late = report.accounts.filter((one) => !one.acknowledged).map((one) => one.account).join(', ');
      toasts.show('bad', 'Pulled, but not every account has confirmed', { detail: `Waiting for: ${late || 'other desks'}.`, link });
    }
  }
}

export const stop = new Stop();
