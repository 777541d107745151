// Words and looks of research runs.
import type { Kind, RunStatus, RunView } from '../../lib/api/research';
import { amount } from '../../lib/format/number';
import { searchText } from '../../lib/research/asked';
import { figureName, paramsText } from '../../lib/research/figures';
import type { IconName } from '../../lib/ui';

type Tone = 'plain' | 'accent' | 'up' | 'down' | 'warn';

export const KINDS: { id: Kind; text: string; about: string }[] = [
  { id: 'backtest', text: 'Backtest', about: 'One set of parameters over history, with every trade.' },
  { id: 'sweep', text: 'Sweep', about: 'Many sets of parameters: the best, its neighbours, and how much of it is luck.' },
  { id: 'walk_forward', text: 'Walk-forward', about: 'Chooses on one stretch, tests on the next, again and again.' },
  { id: 'lookahead', text: 'Look-ahead check', about: 'Whether rules know the future, and whether they have warmed up.' },
];

export const kindText = (kind: Kind): string => KINDS.find((one) => one.id === kind)?.text ?? kind;

export const STATUS: Record<RunStatus, { text: string; tone: Tone; icon: IconName }> = {
  queued: { text: 'Waiting', tone: 'plain', icon: 'clock' },
  running: { text: 'Running', tone: 'accent', icon: 'refresh' },
  done: { text: 'Done', tone: 'up', icon: 'check' },
  failed: { text: 'Failed', tone: 'down', icon: 'warn' },
  cancelled: { text: 'Cancelled', tone: 'plain', icon: 'cancel' },
};

/** How far a run is, between 0 and 1; null while that is not known. */
export function share(run: Pick<RunView, 'progress'>): number | null {
  const { progress } = run;
  return progress === null || progress.total <= 0 ? null : Math.min(1, Math.max(0, progress.done / progress.total));
}

export function progressText(run: Pick<RunView, 'progress' | 'status' | 'desk'>): string {
  const { progress } = run;
  if (run.status === 'queued') return 'waits for the run before it';
  if (progress === null) return run.desk ? `${run.desk} works at it` : 'begins';
  if (progress.total <= 0) return 'begins';
  return `${amount(String(progress.done))} of ${amount(String(progress.total))} ${progress.unit}`;
}

/** Why an order or trade ended, in words. */
const REASONS: Record<string, string> = { order: 'signal', stop: 'stop', target: 'target', trail: 'trailing stop', bars: 'time', liquidation: 'liquidation' };
export const reasonText = (code: string): string => REASONS[code] ?? code.replaceAll('_', ' ');

/** What tells a run from others of the same strategy. */
export function aboutRun(run: Pick<RunView, 'kind' | 'params' | 'request'>): string {
  const { search, walk, lookahead } = run.request;
  const wanted = search?.objective === undefined ? '' : `, for ${figureName(search.objective)}`;
  if (run.kind === 'sweep') return `${searchText(search)}${wanted}`;
  if (run.kind === 'walk_forward') return `${walk ? `${amount(String(walk.train))} + ${amount(String(walk.test))} bars, ` : ''}${searchText(search)}${wanted}`;
  return run.kind === 'lookahead' && lookahead ? `${amount(String(lookahead.cuts))} cuts` : paramsText(run.params);
}
