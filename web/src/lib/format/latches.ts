// Latches in words: what closed, what it keeps from happening, and what to look at before release.

export interface LatchInfo {
  meaning: string;
  before: string;
}

const LATCHES: Record<string, LatchInfo> = {
  daily_loss: {
    meaning: 'The loss since the day’s opening reached its limit. Entries are refused until the next trading day releases it by itself; exits and stops work.',
    before: 'Releasing it earlier lets the account lose beyond the day’s limit: it closes again only after another fall.',
  },
  drawdown: {
    meaning: 'Equity fell from its peak by the limit. Entries are refused until a person releases it.',
    before: 'Ask why before you choose from where the fall counts on.',
  },
  foreign_desk: {
    meaning: 'Orders of another Cofferdam were seen in this account. Two desks would each judge against half of the truth.',
    before: 'Make sure that the other desk no longer trades this account.',
  },
  rewound: {
    meaning: 'The venue knows orders that the journal does not, as after a restored backup. Books and venue may differ.',
    before: 'Compare positions and orders below with the venue’s own page.',
  },
  liquidated: {
    meaning: 'The venue closed a position because its margin no longer sufficed.',
    before: 'Look at leverage and margin of what is left, and at the limits.',
  },
};

export function latchInfo(code: string): LatchInfo {
  return LATCHES[code] ?? { meaning: 'Entries are refused until it is released.', before: 'Read the record in the audit log first.' };
}
