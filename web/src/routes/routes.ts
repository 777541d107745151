// The screens. One is added here and nowhere else: navigation, palette and shortcuts follow.
import type { Component } from 'svelte';
import type { IconName } from '../lib/ui';

export interface Screen {
  path: string;
  name: string;
  /** What it is for, in the command palette. */
  about: string;
  icon: IconName;
  /** The key after `g` that goes there. */
  key: string;
  /** In the bottom bar of a phone; the others are under More. */
  phone: boolean;
  load: () => Promise<{ default: Component }>;
}

export const SCREENS: Screen[] = [
  { path: '/', name: 'Overview', about: 'Equity, positions, risk used', icon: 'overview', key: 'o', phone: true, load: () => import('./overview/Page.svelte') },
  { path: '/trade', name: 'Trade', about: 'Chart, ticket, orders', icon: 'trade', key: 't', phone: true, load: () => import('./trade/Page.svelte') },
  { path: '/approvals', name: 'Approvals', about: 'What waits for a person', icon: 'approvals', key: 'a', phone: true, load: () => import('./approvals/Page.svelte') },
  { path: '/strategies', name: 'Strategies', about: 'Write rules, run them on the desk', icon: 'strategies', key: 'y', phone: false, load: () => import('./strategies/Page.svelte') },
  { path: '/research', name: 'Research', about: 'Backtests, sweeps, walk-forward, look-ahead', icon: 'research', key: 'e', phone: false, load: () => import('./research/Page.svelte') },
  { path: '/performance', name: 'Performance', about: 'Round trips and results', icon: 'performance', key: 'p', phone: false, load: () => import('./performance/Page.svelte') },
  { path: '/data', name: 'Data', about: 'Stored bars and prices', icon: 'data', key: 'd', phone: false, load: () => import('./data/Page.svelte') },
  { path: '/audit', name: 'Audit log', about: 'Every record, and whether the chain holds', icon: 'audit', key: 'l', phone: false, load: () => import('./audit/Page.svelte') },
  { path: '/recovery', name: 'Recovery', about: 'After a stop: what happened, release', icon: 'recovery', key: 'r', phone: false, load: () => import('./recovery/Page.svelte') },
  { path: '/settings', name: 'Settings', about: 'Accounts, limits, your session, appearance', icon: 'settings', key: 's', phone: false, load: () => import('./settings/Page.svelte') },
];

export function screenAt(path: string): Screen | null {
  return SCREENS.find((screen) => (screen.path === '/' ? path === '/' : path === screen.path || path.startsWith(`${screen.path}/`))) ?? null;
}
