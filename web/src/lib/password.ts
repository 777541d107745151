// How good a password is, with reasons. A help while typing; the desk itself decides.

const COMMON = [
  'password', 'passwort', 'letmein', 'welcome', 'qwerty', 'azerty', 'iloveyou', 'admin', 'login', 'dragon', 'monkey', 'football', 'baseball',
  'master', 'sunshine', 'princess', 'shadow', 'superman', 'trustno', 'bitcoin', 'ethereum', 'trading', 'trader', 'broker', 'cofferdam',
  'summer', 'winter', 'spring', 'autumn', 'secret', 'changeme', 'default', 'hunter', 'abc', '123', 'money',
];
const ROWS = ['abcdefghijklmnopqrstuvwxyz', '0123456789', 'qwertyuiop', 'asdfghjkl', 'zxcvbnm', 'qwertzuiop', 'yxcvbnm'];
export const LENGTH_MIN = 12;

export interface Strength {
  /** 0 unusable, 1 weak, 2 fair, 3 good, 4 strong. */
  score: 0 | 1 | 2 | 3 | 4;
  word: string;
  reasons: string[];
}

const WORDS = ['Not accepted', 'Weak', 'Fair', 'Good', 'Strong'];

function inRow(a: string, b: string): boolean {
  return ROWS.some((row) => {
    const [x, y] = [row.indexOf(a), row.indexOf(b)];
    return x >= 0 && y >= 0 && Math.abs(x - y) === 1;
  });
}

/** Characters that are not foreseen by the one before: no repeats, no runs. */
function fresh(text: string): number {
  let count = 0;
  for (let n = 0; n < text.length; n += 1) {
    const [before, here] = [text[n - 1], text[n] ?? ''];
    count += before !== undefined && (before === here || inRow(before, here)) ? 0.25 : 1;
  }
  return count;
}

function alphabet(text: string): number {
  const kinds: [RegExp, number][] = [[/[a-z]/, 26], [/[A-Z]/, 26], [/[0-9]/, 10], [/[^a-zA-Z0-9]/, 30]];
  return kinds.reduce((total, [kind, size]) => total + (kind.test(text) ? size : 0), 0);
}

export function strength(password: string, name: string): Strength {
  const reasons: string[] = [];
  const lower = password.toLowerCase();
  let useful = lower;
  if (password.length < LENGTH_MIN) reasons.push(`Shorter than ${LENGTH_MIN} characters.`);
  if (name.length >= 3 && lower.includes(name.toLowerCase())) {
    reasons.push('Contains your name.');
    useful = useful.replaceAll(name.toLowerCase(), '');
  }
  const common = COMMON.filter((word) => word.length >= 3 && useful.includes(word));
  if (common.length > 0) {
    reasons.push(`Contains “${common[0]}”, which is tried first.`);
    common.forEach((word) => (useful = useful.replaceAll(word, '')));
  }
  const kept = fresh(useful);
  if (kept < useful.length * 0.75) reasons.push('Has repeats or rows of the keyboard.');
  const bits = kept * Math.log2(Math.max(2, alphabet(password))) * 0.7;
  if (password.length < LENGTH_MIN || new Set(lower).size < 5) return made(0, reasons);
  const score = bits >= 75 ? 4 : bits >= 55 ? 3 : bits >= 38 ? 2 : 1;
  if (score < 3 && reasons.length === 0) reasons.push('Longer is better: four or five unrelated words are easy to remember.');
  return made(score, reasons);
}

function made(score: Strength['score'], reasons: string[]): Strength {
  return { score, word: WORDS[score] ?? '', reasons };
}
