// Words and looks of a strategy's runs on the desk.
import type { StrategyRun, StrategyRunState } from '../../lib/api/strategies';
import type { IconName } from '../../lib/ui';

type Tone = 'plain' | 'up' | 'warn';

export const STATES: Record<StrategyRunState, { text: string; tone: Tone; icon: IconName; about: string }> = {
  running: { text: 'Running', tone: 'up', icon: 'check', about: 'It decides at the close of each bar.' },
  paused: { text: 'Paused', tone: 'warn', icon: 'pause', about: 'It opens nothing. Exits go on.' },
  stopping: { text: 'Stopping', tone: 'warn', icon: 'stop', about: 'It decides nothing. What it ordered is taken back, and what is to be closed is being closed.' },
  stopped: { text: 'Stopped', tone: 'plain', icon: 'stop', about: 'It has ended.' },
};

export const atWork = (run: Pick<StrategyRun, 'state'>): boolean => run.state !== 'stopped';

const ID_MAX = 32;

/** An id for the book of a strategy: letters, digits and hyphens of its name, with a number where others work in books of that name. */
export function bookId(name: string, taken: readonly string[]): string {
  const words = name.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+/, '');
  const cut = (end: string) => `${words.slice(0, ID_MAX - end.length).replace(/-+$/, '') || 'strategy'}${end}`;
  for (let n = 1; ; n += 1) {
    const id = cut(n === 1 ? '' : `-${n}`);
    if (!taken.includes(id)) return id;
  }
}
