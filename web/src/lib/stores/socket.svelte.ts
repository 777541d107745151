// The socket: what happens at the desk, as it becomes durable. After a break it asks for what
// follows the last number it saw of each stream; the desk answers with those events, or with a new
// snapshot when that is too much. It must not know what events mean.
import type { AccountView, ApprovalView, OrderView, Unavailable } from '../api/types';

export interface DeskEvent {
  type: 'event';
  stream: string;
  seq: number;
  at: string;
  kind: string;
  body: unknown;
}

export interface Snapshot {
  type: 'snapshot';
  at: string;
  cursors: Record<string, number>;
  accounts: AccountView[];
  orders: OrderView[];
  approvals: ApprovalView[];
  unavailable: Unavailable[];
}

interface Resync {
  type: 'resync';
  reason: string;
  missed: number | null;
}

export type Link = 'connecting' | 'live' | 'broken' | 'off';

const WAIT_MIN_MS = 500;
const WAIT_MAX_MS = 15_000;
const UNAUTHORIZED = 4_401;

/** The waits between attempts: doubling, bounded, and spread so that tabs don't come at once. */
export function waitBefore(attempt: number, random: number): number {
  const full = Math.min(WAIT_MAX_MS, WAIT_MIN_MS * 2 ** Math.min(attempt, 10));
  return full / 2 + (full / 2) * random;
}

/** The query that resumes after cursors. */
export function resumeQuery(cursors: Record<string, number>): string {
  const pairs = Object.entries(cursors).map(([stream, seq]) => `${stream}:${seq}`);
  return pairs.length === 0 ? '' : `?after=${encodeURIComponent(pairs.join(','))}`;
}

export class Socket {
  link = $state<Link>('off');
  /** When the link broke, in milliseconds. */
  since = $state<number | null>(null);
  #socket: WebSocket | null = null;
  #cursors: Record<string, number> = {};
  #attempt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #snapshot: (snapshot: Snapshot) => void;
  #event: (event: DeskEvent) => void;

  constructor(on: { snapshot: (snapshot: Snapshot) => void; event: (event: DeskEvent) => void }) {
    this.#snapshot = on.snapshot;
    this.#event = on.event;
  }

  open(): void {
    this.close();
    this.#attempt = 0;
    this.#connect();
  }

  close(): void {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    this.#cursors = {};
    this.link = 'off';
    this.since = null;
  }

  /** Tries at once, after the device came back for example. */
  hurry(): void {
    if (this.link !== 'broken') return;
    clearTimeout(this.#timer);
    this.#connect();
  }

  #connect(): void {
    this.link = this.link === 'off' ? 'connecting' : this.link;
    const url = new URL(`/ws${resumeQuery(this.#cursors)}`, location.origin);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url);
    this.#socket = socket;
    socket.onopen = () => {
      this.link = 'live';
      this.since = null;
      this.#attempt = 0;
    };
    socket.onmessage = (message) => this.#take(String(message.data));
    socket.onclose = (ended) => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      if (this.link !== 'broken') this.since = Date.now();
      this.link = 'broken';
      if (ended.code === UNAUTHORIZED) return;
      this.#timer = setTimeout(() => this.#connect(), waitBefore(this.#attempt++, Math.random()));
    };
  }

  #take(text: string): void {
    const message = JSON.parse(text) as Snapshot | DeskEvent | Resync;
    if (message.type === 'snapshot') {
      this.#cursors = { ...message.cursors };
      this.#snapshot(message);
    } else if (message.type === 'event') {
      // A snapshot may tell once more what an event told; the number tells them apart.
      if (message.seq <= (this.#cursors[message.stream] ?? 0)) return;
      this.#cursors[message.stream] = message.seq;
      this.#event(message);
    }
  }
}
