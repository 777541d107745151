import { describe, expect, it } from 'vitest';
import { add, compare, decimals, div, fixed, floorTo, isMultiple, mul, parse, print, share, sign, sub, sum } from '../src/lib/format/decimal';

const again = (text: string) => {
  const value = parse(text);
  return value && print(value);
};

describe('decimal strings', () => {
  it('are read and written exactly', () => {
    expect(again('93999.3351502')).toBe('93999.3351502');
    expect(again('-0.50')).toBe('-0.5');
    expect(again('.5')).toBe('0.5');
    expect(again('-0')).toBe('0');
    expect(again('+7.')).toBe('7');
  });

  it('refuse what is no decimal', () => {
    for (const wrong of ['', '.', '-', '1e5', '1,5', '0x1', 'NaN', '1.2.3', '9'.repeat(61), null, undefined]) expect(parse(wrong)).toBeNull();
  });

  it('compute without a float’s error', () => {
    expect(add('0.1', '0.2')).toBe('0.3');
    expect(sub('1', '0.9')).toBe('0.1');
    expect(mul('1.1', '1.1')).toBe('1.21');
    expect(add('9007199254740993', '0.000000001')).toBe('9007199254740993.000000001');
    expect(sum(['0.1', '0.2', '-0.3'])).toBe('0');
    expect(div('1', '3', 4)).toBe('0.3333');
    expect(div('1', '0')).toBeNull();
  });

  it('compare across scales', () => {
    expect(compare('1.0', '1')).toBe(0);
    expect(compare('-2', '-1.99')).toBe(-1);
    expect(sign('-0.00')).toBe(0);
    expect(sign('-0.01')).toBe(-1);
  });

  it('round half to even, below zero too', () => {
    expect(fixed('0.125', 2)).toBe('0.12');
    expect(fixed('0.135', 2)).toBe('0.14');
    expect(fixed('-0.125', 2)).toBe('-0.12');
    expect(fixed('-0.126', 2)).toBe('-0.13');
    expect(fixed('1.5', 0)).toBe('2');
    expect(fixed('2.5', 0)).toBe('2');
    expect(fixed('3', 2)).toBe('3.00');
  });

  it('keep to steps', () => {
    expect(floorTo('10.37', '0.05')).toBe('10.35');
    expect(isMultiple('10.35', '0.05')).toBe(true);
    expect(isMultiple('10.36', '0.05')).toBe(false);
    expect(decimals('0.0100')).toBe(2);
    expect(decimals('5')).toBe(0);
  });

  it('become lengths only', () => {
    expect(share('25', '100')).toBe(0.25);
    expect(share('300', '100')).toBe(1);
    expect(share('1', '0')).toBe(0);
  });
});
