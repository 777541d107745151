// What is looked at closely: an order by its id, or a refused request by the number of its record.
export type Subject = { kind: 'order'; account: string; id: string } | { kind: 'refused'; account: string; seq: number };

class Inspect {
  subject = $state.raw<Subject | null>(null);

  order(account: string, id: string): void {
    this.subject = { kind: 'order', account, id };
  }

  refused(account: string, seq: number): void {
    this.subject = { kind: 'refused', account, seq };
  }

  close(): void {
    this.subject = null;
  }
}

export const inspect = new Inspect();
