import { describe, expect, it } from 'vitest';
import { partsOf } from '../src/lib/stores/parts';
import { fillOf } from '../src/lib/stores/fills';
import { resumeQuery, waitBefore } from '../src/lib/stores/socket.svelte';

describe('the socket', () => {
  it('resumes after what it saw of each stream', () => {
    expect(resumeQuery({})).toBe('');
    expect(resumeQuery({ desk: 3, 'account/demo': 120 })).toBe(`?after=${encodeURIComponent('desk:3,account/demo:120')}`);
  });

  it('waits longer each time, within bounds', () => {
    expect(waitBefore(0, 0)).toBe(250);
    expect(waitBefore(0, 1)).toBe(500);
    expect(waitBefore(50, 1)).toBe(15_000);
  });
});

describe('events', () => {
  it('make the readings old that they concern', () => {
    expect(partsOf('marked')).toEqual([]);
    expect(partsOf('order_held')).toContain('approvals');
    expect(partsOf('hold_resolved')).toContain('approvals');
    expect(partsOf('filled')).toEqual(expect.arrayContaining(['orders', 'accounts']));
    expect(partsOf('kill_pulled')).toContain('desk');
    expect(partsOf('limits_set')).toContain('accounts');
    expect(partsOf('something_new')).toContain('accounts');
  });
});

describe('executions', () => {
  const body = {
    book: 'manual',
    fill: { at: '2008-06-02T15:09:21Z', client_order_id: 'cf1', fee: { amount: '2.99', currency: 'USD' }, instrument: 'sim:SYN', price: '99.94', qty: '29.99', side: 'buy' },
  };
  it('are read from records of their kind only', () => {
    expect(fillOf('account/demo', 7, 'filled', body)).toMatchObject({ account: 'demo', symbol: 'sim:SYN', qty: '29.99', seq: 7 });
    expect(fillOf('account/demo', 7, 'order_accepted', body)).toBeNull();
    expect(fillOf('desk', 7, 'filled', body)).toBeNull();
  });
});
