// Short names for the generated types.
import type { components } from './schema';

type Schemas = components['schemas'];
export type AccountView = Schemas['AccountView'];
export type ApprovalView = Schemas['ApprovalView'];
export type ArmedView = Schemas['ArmedView'];
export type BarSeries = Schemas['BarSeries'];
export type BarView = Schemas['BarView'];
export type BookView = Schemas['BookView'];
export type CurrentView = Schemas['CurrentView'];
export type DeskView = Schemas['DeskView'];
export type FieldError = Schemas['FieldError'];
export type InstrumentView = Schemas['InstrumentView'];
export type KeyView = Schemas['KeyView'];
export type KillReportView = Schemas['KillReportView'];
export type KillView = Schemas['KillView'];
export type Limits = Schemas['Limits'];
export type NewKey = Schemas['NewKeyRequest'];
export type NewPerson = Schemas['NewUserRequest'];
export type OrderRequest = Schemas['OrderRequest'];
export type OrderView = Schemas['OrderView'];
export type Outcome = Schemas['Outcome'];
export type Person = Schemas['UserView'];
export type PersonChange = Schemas['UserChangeRequest'];
export type PositionView = Schemas['PositionView'];
export type Problem = Schemas['Problem'];
export type ProtectionRequest = Schemas['ProtectionRequest'];
export type PresetView = Schemas['PresetView'];
export type PreviewView = Schemas['PreviewView'];
export type QuoteView = Schemas['QuoteView'];
export type RecordView = Schemas['RecordView'];
export type RefusalView = Schemas['RefusalView'];
export type SessionView = Schemas['SessionView'];
export type TripView = Schemas['TripView'];
export type Unavailable = Schemas['Unavailable'];

/** An execution, read from the journal. */
export interface Fill {
  account: string;
  seq: number;
  book: string;
  symbol: string;
  side: string;
  qty: string;
  price: string;
  fee: { amount: string; currency: string } | null;
  at: string;
  order: string;
}
