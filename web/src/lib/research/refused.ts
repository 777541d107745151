// What the desk refused of a request, at the fields of the form that it names. A field's fault goes
// when the field is changed; what names no field of the form is left to be shown as a whole.
import type { FieldError } from '../api/types';
import { searches, type Form } from './request';

/** A refused request, with the form as it was sent. */
export interface Refused {
  sent: Form;
  errors: readonly FieldError[];
}

const PLAIN: readonly (keyof Form)[] = ['cash', 'fee', 'slippage_bps', 'spread_bps', 'borrow_rate', 'limits', 'compare', 'seed', 'from', 'until'];
const NAMES: Record<string, string> = {
  search: 'search', 'search.grid': 'search', 'search.random': 'random', 'search.objective': 'objective',
  'walk.train': 'train', 'walk.test': 'test', 'lookahead.cuts': 'cuts',
};

/** The form's name of a field of the request; null where it has none. */
export function fieldOf(path: string): string | null {
  if (PLAIN.includes(path as keyof Form)) return path;
  const known = NAMES[path];
  if (known) return known;
  if (path.startsWith('params.')) return path;
  return path.startsWith('search.grid.') ? path.replace('search.grid.', 'axes.') : null;
}

/** All that is written in a field, as text to compare. */
function written(form: Form, field: string): string {
  if (field === 'search') return JSON.stringify([form.search, form.axes]);
  const [part, name = '', end = ''] = field.split('.');
  if (part === 'params') return form.params[name] ?? '';
  if (part === 'axes') {
    const axis = form.axes[name];
    return JSON.stringify(end === 'from' || end === 'to' || end === 'step' ? axis?.[end] : axis);
  }
  return String(form[field as keyof Form]);
}

/** Whether the form shows a field now. */
function shows(form: Form, field: string): boolean {
  if (field === 'train' || field === 'test') return form.kind === 'walk_forward';
  if (field === 'cuts') return form.kind === 'lookahead';
  if (field === 'random') return searches(form.kind) && form.search === 'random';
  if (field === 'search' || field === 'objective' || field.startsWith('axes.')) return searches(form.kind);
  return form.kind !== 'lookahead' || field === 'from' || field === 'until';
}

/** A rule as a sentence. */
export function sentence(rule: string): string {
  const text = /^\d/.test(rule) ? `Must be ${rule}` : rule.charAt(0).toUpperCase() + rule.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** Faults by the name of the field, as long as the field says what was refused. */
export function faultsOf(refused: Refused | null, form: Form): Record<string, string> {
  const found: Record<string, string> = {};
  for (const one of refused?.errors ?? []) {
    const field = fieldOf(one.field);
    if (refused && field !== null && shows(form, field) && written(form, field) === written(refused.sent, field)) found[field] = sentence(one.rule);
  }
  return found;
}

/** Errors that no field of the form can show. */
export function homeless(refused: Refused | null): readonly FieldError[] {
  return (refused?.errors ?? []).filter((one) => {
    const field = fieldOf(one.field);
    return field === null || !shows(refused?.sent ?? ({} as Form), field);
  });
}
