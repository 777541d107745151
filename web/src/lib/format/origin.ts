// Who is behind something, in words: the source it is for, then the person or key that asked for it.

interface Name {
  kind?: string;
  principal: string;
}

/** As the API tells it (`asked_by` is a name), or as the journal keeps it (`asked_by` has its kind). */
export interface Origin extends Name {
  asked_by?: string | Name | null;
}

const SOURCES: Record<string, string> = {
  api_key: 'the key', strategy: 'the strategy', campaign: 'the DCA campaign', copy: 'the copied signal', webhook: 'the webhook', agent: 'the agent',
};
/** How the journal begins a name that is no person's: `key:bot`, `strategy:trend`. */
const PREFIXES: Record<string, string> = { key: 'api_key', strategy: 'strategy', campaign: 'campaign', copy: 'copy', webhook: 'webhook', agent: 'agent' };

function nameText({ kind, principal }: Name): string {
  if (kind === 'external') return 'somebody outside the desk';
  if (principal === 'desk' || kind === 'system') return 'the desk';
  const cut = principal.indexOf(':');
  const prefix = cut < 0 ? undefined : PREFIXES[principal.slice(0, cut)];
  const words = SOURCES[prefix ?? kind ?? ''];
  return words ? `${words} ${prefix ? principal.slice(cut + 1) : principal}` : principal;
}

/** Who asked for it in somebody else's name, as the journal writes it: `key:bot`, or a person's name. */
export function askerOf(origin: Origin): string | null {
  return (typeof origin.asked_by === 'string' ? origin.asked_by : origin.asked_by?.principal) || null;
}

/** `ann`, `the key bot`, or `the strategy trend-1, asked for by the key bot`. */
export function originText(origin: Origin): string {
  const asker = typeof origin.asked_by === 'string' ? { principal: origin.asked_by } : origin.asked_by;
  return asker?.principal ? `${nameText(origin)}, asked for by ${nameText(asker)}` : nameText(origin);
}

/** The same where a sentence begins; a person's name stays as it is written. */
export const originStart = (origin: Origin): string => originText(origin).replace(/^(the|somebody) /, (word) => word.charAt(0).toUpperCase() + word.slice(1));

/** Which of these names is behind it; null when none is. */
export const behind = (origin: Origin, names: string[]): string | null => [origin.principal, askerOf(origin)].find((one) => one !== null && names.includes(one)) ?? null;
