// The desk as every page sees it: read once over REST, kept true by the socket. Events say *that*
// something changed; what it is now is read from the desk, which alone knows the books.
import { api, ok } from '../api/client';
import { problemOf } from '../api/problem';
import type {
  AccountView, ApprovalView, DeskView, Fill, InstrumentView, OrderView, PositionView, Problem, QuoteView,
} from '../api/types';
import { FILLS_MAX, fillOf, recentFills } from './fills';
import { live } from './live.svelte';
import { partsOf, type Part } from './parts';
import { prefs } from './prefs.svelte';
import { whileVisible } from './resource.svelte';
import { Socket, type DeskEvent, type Snapshot } from './socket.svelte';

const QUOTES_EVERY_MS = 1_000;
const ACCOUNTS_EVERY_MS = 3_000;
const DESK_EVERY_MS = 5_000;
/** Events of a burst are answered by one reading. */
const GATHER_MS = 120;
const ORDER_PAGES_MAX = 5;
/** Prices that have not moved for so long are called stale. */
export const STALE_MS = 60_000;

class Desk {
  info = $state.raw<DeskView | null>(null);
  accounts = $state.raw<AccountView[]>([]);
  allOrders = $state.raw<OrderView[]>([]);
  allApprovals = $state.raw<ApprovalView[]>([]);
  instruments = $state.raw<InstrumentView[]>([]);
  quotes = $state.raw<Map<string, QuoteView>>(new Map());
  /** Why the latest reading failed; what is shown is then older than it looks. */
  problem = $state.raw<Problem | null>(null);
  #accountsRead = $state(false);
  /** The first reading is complete. */
  readonly loaded = $derived(this.info !== null && this.#accountsRead);
  /** When a price last moved, by this device's clock. */
  pricesAt = $state<number | null>(null);
  /** When the desk last answered, by this device's clock. */
  answeredAt = $state<number | null>(null);
  /** This device's clock, once a second. */
  now = $state(Date.now());

  readonly account = $derived(this.accounts.find((one) => one.id === prefs.account) ?? this.accounts[0] ?? null);
  readonly currency = $derived(this.account?.currency ?? 'USD');
  /** Open positions of the selected account, book by book. */
  readonly positions: PositionView[] = $derived(this.account ? this.account.books.flatMap((book) => book.positions) : []);
  readonly allPositions: PositionView[] = $derived(this.accounts.flatMap((one) => one.books.flatMap((book) => book.positions)));
  /** Live orders of the selected account. */
  readonly orders: OrderView[] = $derived(this.allOrders.filter((order) => order.account === this.account?.id));
  readonly approvals: ApprovalView[] = $derived(this.allApprovals.filter((one) => one.account === this.account?.id));
  /** What waits for a person, in all accounts. */
  readonly approvalsCount = $derived(this.allApprovals.length);
  /** pause, halt, flatten or null, the highest of all accounts. */
  readonly killLevel = $derived(this.info?.kill.level ?? null);
  readonly stopped = $derived(this.killLevel !== null || this.accounts.some((one) => one.latches.length > 0));
  #fillsOf = $state.raw<Map<string, Fill[]>>(new Map());
  /** The latest executions of the selected account, the newest first. */
  readonly fills: Fill[] = $derived(this.account ? (this.#fillsOf.get(this.account.id) ?? []) : []);
  readonly priceAgeMs = $derived(this.pricesAt === null ? null : Math.max(0, this.now - this.pricesAt));

  #dirty = new Set<Part>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #listeners = new Set<(event: DeskEvent) => void>();
  #stops: (() => void)[] = [];
  readonly socket = new Socket({
    snapshot: (snapshot) => this.#start(snapshot),
    event: (event) => this.#event(event),
  });

  /** Begins to read and to listen, for the person who has signed in. */
  start(): void {
    this.stop();
    this.socket.open();
    const online = () => this.socket.hurry();
    window.addEventListener('online', online);
    this.#stops = [
      () => window.removeEventListener('online', online),
      whileVisible(() => this.#read('desk'), DESK_EVERY_MS),
      whileVisible(() => this.#read('accounts'), ACCOUNTS_EVERY_MS),
      whileVisible(() => this.#readQuotes(), QUOTES_EVERY_MS),
    ];
    const tick = setInterval(() => (this.now = Date.now()), 1_000);
    this.#stops.push(() => clearInterval(tick));
    this.refresh('orders', 'approvals', 'instruments');
  }

  stop(): void {
    this.#stops.forEach((stop) => stop());
    this.#stops = [];
    this.socket.close();
  }

  /** Forgets everything, before another person sees the page. */
  forget(): void {
    this.stop();
    this.info = null;
    this.accounts = [];
    this.allOrders = [];
    this.allApprovals = [];
    this.instruments = [];
    this.quotes = new Map();
    this.#fillsOf = new Map();
    this.#accountsRead = false;
    live.forget();
    this.problem = null;
    this.pricesAt = null;
  }

  select(id: string): void {
    prefs.setAccount(id);
    void this.#readFills(id);
  }

  instrument(symbol: string): InstrumentView | null {
    return this.instruments.find((one) => one.symbol === symbol) ?? null;
  }

  quote(symbol: string): QuoteView | null {
    return this.quotes.get(symbol) ?? null;
  }

  /** Calls back for each event; returns how to stop. */
  onEvent(listener: (event: DeskEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Reads parts anew soon; all when none is named. */
  refresh(...parts: Part[]): void {
    const wanted: Part[] = parts.length > 0 ? parts : ['desk', 'accounts', 'orders', 'approvals', 'instruments'];
    wanted.forEach((part) => this.#dirty.add(part));
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const dirty = [...this.#dirty];
      this.#dirty.clear();
      dirty.forEach((part) => void this.#read(part));
    }, GATHER_MS);
  }

  #start(snapshot: Snapshot): void {
    this.accounts = snapshot.accounts;
    this.allOrders = snapshot.orders;
    this.allApprovals = snapshot.approvals;
    this.#accountsRead = true;
    this.answeredAt = Date.now();
    this.refresh('desk');
    if (this.account) void this.#readFills(this.account.id);
  }

  #event(event: DeskEvent): void {
    const fill = fillOf(event.stream, event.seq, event.kind, event.body);
    if (fill) {
      const before = this.#fillsOf.get(fill.account) ?? [];
      this.#fillsOf = new Map(this.#fillsOf).set(fill.account, [fill, ...before].slice(0, FILLS_MAX));
    }
    const parts = partsOf(event.kind);
    if (parts.length > 0) this.refresh(...parts);
    this.#listeners.forEach((listener) => listener(event));
  }

  async #read(part: Part): Promise<void> {
    try {
      if (part === 'desk') this.info = await ok(api.GET('/api/desk'));
      if (part === 'accounts') this.accounts = (await ok(api.GET('/api/accounts'))).accounts;
      if (part === 'orders') this.allOrders = await liveOrders();
      if (part === 'approvals') this.allApprovals = (await ok(api.GET('/api/approvals'))).approvals;
      if (part === 'instruments') this.instruments = (await ok(api.GET('/api/instruments'))).instruments;
      this.answeredAt = Date.now();
      this.problem = null;
      if (part === 'accounts') this.#accountsRead = true;
    } catch (error) {
      this.problem = problemOf(error);
    }
  }

  async #readQuotes(): Promise<void> {
    try {
      const { quotes } = await ok(api.GET('/api/quotes'));
      const moved = quotes.some((quote) => this.quotes.get(quote.symbol)?.at !== quote.at);
      if (moved) this.pricesAt = Date.now();
      this.quotes = new Map(quotes.map((quote) => [quote.symbol, quote]));
      live.take(quotes);
    } catch (error) {
      this.problem = problemOf(error);
    }
  }

  async #readFills(account: string): Promise<void> {
    const head = this.accounts.find((one) => one.id === account)?.head.seq ?? 0;
    try {
      const fills = await recentFills(account, head);
      const newer = (this.#fillsOf.get(account) ?? []).filter((fill) => fill.seq > (fills[0]?.seq ?? 0));
      this.#fillsOf = new Map(this.#fillsOf).set(account, [...newer, ...fills].slice(0, FILLS_MAX));
    } catch (error) {
      this.problem = problemOf(error);
    }
  }
}

async function liveOrders(): Promise<OrderView[]> {
  const orders: OrderView[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < ORDER_PAGES_MAX; page += 1) {
    const answer = await ok(
      api.GET('/api/orders', { params: { query: { state: 'live', limit: 200, ...(cursor ? { cursor } : {}) } } }),
    );
    orders.push(...answer.orders);
    if (!answer.next) break;
    cursor = answer.next;
  }
  return orders;
}

export const desk = new Desk();
