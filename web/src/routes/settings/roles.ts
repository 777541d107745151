// What each role and each scope may do, in words.

export const ROLES: { value: string; text: string; may: string }[] = [
  { value: 'viewer', text: 'Viewer', may: 'Looks at the accounts granted, and changes nothing.' },
  { value: 'trader', text: 'Trader', may: 'Trades the accounts granted, stops the desk, tightens limits. Does not raise them. With all accounts: closes everything, releases.' },
  { value: 'admin', text: 'Admin', may: 'Everything, in all accounts: people, limits, keys, releasing.' },
  { value: 'auditor', text: 'Auditor', may: 'Reads everything, the whole audit log included, and changes nothing.' },
];

export const SCOPES: { value: string; text: string; may: string }[] = [
  { value: 'read', text: 'Read', may: 'Accounts, positions, orders, prices, results.' },
  { value: 'trade', text: 'Trade', may: 'Place, change and cancel orders, close positions, stop the desk. Never approve or release.' },
  { value: 'metrics', text: 'Metrics', may: 'Figures for Prometheus, and nothing else.' },
];

export const roleText = (role: string): string => ROLES.find((one) => one.value === role)?.text ?? role;

/** A first password that nobody has to make up: four groups of letters and digits, about 118 bits. */
export function madePassword(): string {
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789';
  const bytes = crypto.getRandomValues(new Uint32Array(24));
  const text = [...bytes].map((one) => letters[one % letters.length] ?? 'x').join('');
  return text.match(/.{6}/g)?.join('-') ?? text;
}
