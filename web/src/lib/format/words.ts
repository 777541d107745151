// The words that people read for what the desk calls by code (DESIGN: one word for one thing).
import type { OrderView, PositionView } from '../api/types';

/** `sim:IBM` is read as `IBM`; the venue is shown where it matters. */
export function ticker(symbol: string): string {
  return symbol.slice(symbol.indexOf(':') + 1);
}

const SOURCES: Record<string, string> = {
  human: 'You or a colleague', api_key: 'API key', strategy: 'Strategy', campaign: 'DCA campaign', copy: 'Copied signal',
  webhook: 'Webhook', agent: 'Agent', system: 'Desk', external: 'Outside the desk',
};

export function source(kind: string): string {
  return SOURCES[kind] ?? kind;
}

const STATUS: Record<string, string> = {
  recorded: 'Recorded', sent: 'Sent', unknown: 'Unknown: asking the venue', working: 'Working', partly_filled: 'Partly filled',
  pending_cancel: 'Cancelling', filled: 'Filled', cancelled: 'Cancelled', rejected: 'Rejected', expired: 'Expired',
};

export function status(order: Pick<OrderView, 'status'>): string {
  return STATUS[order.status] ?? order.status;
}

/** Where a position's stop rests, in words. */
export function stopPlace(position: Pick<PositionView, 'stop' | 'stop_rests'>): string {
  if (!position.stop) return 'none';
  if (position.stop_rests === 'at_venue') return 'at broker';
  return position.stop_rests === 'partly_at_venue' ? 'partly at broker' : 'watched here';
}

const LEVELS: Record<string, string> = {
  pause: 'Entries are paused', halt: 'Entries are stopped and entry orders cancelled', flatten: 'Everything is being closed or is closed',
};

export function killLevel(level: string): string {
  return LEVELS[level] ?? level;
}

const LATCHES: Record<string, string> = {
  daily_loss: 'Daily loss limit reached', drawdown: 'Drawdown limit reached', foreign_desk: 'Another desk trades this account',
  rewound: 'The venue went back in time', liquidated: 'The venue liquidated a position',
};

export function latch(code: string): string {
  return LATCHES[code] ?? code;
}

const PRESETS: Record<string, string> = {
  stocks: 'Stocks', 'single-instrument': 'One symbol', 'crypto-spot': 'Crypto spot', 'futures-dca': 'Futures and DCA',
};

export function preset(name: string): string {
  return PRESETS[name] ?? name;
}

const LIMITS: Record<string, string> = {
  order_notional: 'Value of one order', position_notional: 'Value of one position', gross_exposure: 'All positions and entry orders',
  net_exposure: 'Longs over shorts, or shorts over longs', correlated_exposure: 'What moves together', portfolio_heat: 'Lost if every stop is hit',
  daily_loss: 'Loss in a day', drawdown_percent: 'Fall from the peak', open_orders: 'Live orders', entries_per_second: 'Entries per second',
  entries_per_minute: 'Entries per minute', entries_per_day: 'Entries per day', price_collar_percent: 'Price away from the quote',
  quote_age_ms: 'Oldest price for an entry', approval_above: 'Approval above', daily_entry_notional: 'Value of a day’s entries',
  order_qty: 'Quantity of one order', leverage: 'Leverage', margin_used: 'Margin in use', origin_daily_notional: 'Value of a day’s entries of one source',
  allowed: 'Allowed symbols', denied: 'Denied symbols', loss_cooldown_secs: 'Pause after a loss', trading_window: 'Trading hours',
};

export function limitName(name: string): string {
  return LIMITS[name] ?? plain(name);
}

/** `order_recorded` as `Order recorded`. */
export function plain(code: string): string {
  const words = code.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
