import { describe, expect, it } from 'vitest';
import { amount, cash, gain, limit, money, percent, price, tone, byDecimal } from '../src/lib/format/number';
import { limitAmount } from '../src/lib/format/limits';
import { ago, clock, date, left, millis, moment, span } from '../src/lib/format/time';
import { strength } from '../src/lib/password';

describe('numbers', () => {
  it('are grouped and keep their digits', () => {
    expect(amount('1234567.891')).toBe('1,234,567.891');
    expect(money('93999.3351502', 'USD')).toBe('93,999.34 USD');
    expect(money('1500', 'JPY')).toBe('1,500 JPY');
    expect(money(null, 'USD')).toBe('–');
    expect(price('59919.9', '0.01')).toBe('59,919.90');
    expect(price('127.2783', '0.01')).toBe('127.2783');
  });

  it('show a gain by its sign too', () => {
    expect(gain('12.5', 'USD')).toBe('+12.50 USD');
    expect(gain('-12.5', 'USD')).toBe('−12.50 USD');
    expect(gain('0', 'USD')).toBe('0.00 USD');
    expect(tone('-0.00')).toBe('flat');
  });

  it('never show something as nothing', () => {
    expect(money('0.00004', 'USD')).toBe('0.00004 USD');
    expect(money('-0.001234', 'USD')).toBe('−0.0012 USD');
    expect(percent('0.0713')).toBe('0.07 %');
  });

  it('write limits and cash', () => {
    expect(limit('10%', 'USD')).toBe('10 %');
    expect(limit(null, 'USD')).toBe('no limit');
    expect(limitAmount('2%', '50000')).toBe('1000');
    expect(limitAmount('750', null)).toBe('750');
    expect(limitAmount('2%', null)).toBeNull();
    expect(cash({ USD: '1', EUR: '2.5' })).toBe('1.00 USD + 2.50 EUR');
  });

  it('sort by value, what is missing first', () => {
    expect(['10', null, '9.5', '-1'].sort(byDecimal)).toEqual([null, '-1', '9.5', '10']);
  });
});

describe('times', () => {
  const at = '2008-06-05T13:44:27.95812935Z';
  it('are read with nanoseconds and written in UTC', () => {
    expect(millis(at)).toBe(Date.UTC(2008, 5, 5, 13, 44, 27, 958));
    expect(moment(at, 'utc')).toBe('2008-06-05 13:44:27');
    expect(date(at, 'utc')).toBe('2008-06-05');
    expect(clock('2008-06-05T00:00:00Z', 'utc')).toBe('00:00:00');
    expect(moment('nonsense', 'utc')).toBe('–');
  });

  it('say how old something is', () => {
    const now = Date.UTC(2008, 5, 5, 13, 45, 27, 958);
    expect(ago(at, now)).toBe('1 min ago');
    expect(span(5_999)).toBe('5 s');
    expect(span(7_200_000)).toBe('2 h');
    expect(span(200_000_000)).toBe('2 d');
    expect(left('2008-06-05T13:46:10Z', now)).toBe('0:43');
  });
});

describe('passwords', () => {
  it('are judged with reasons', () => {
    expect(strength('short', 'ann').score).toBe(0);
    expect(strength('aaaaaaaaaaaaaaaa', 'ann').score).toBe(0);
    expect(strength('password1234567', 'ann').reasons.join()).toContain('password');
    expect(strength('annabel-annabel-x', 'annabel').reasons.join()).toContain('your name');
    expect(strength('copper wagon lantern drift', 'ann').score).toBeGreaterThanOrEqual(3);
  });
});
