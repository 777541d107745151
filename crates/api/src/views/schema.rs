//! The form of limits and policies for the API's description.
//!
//! The types themselves live deeper and know no description language; tests compare the fields. It
//! must not be used for anything but the description.

use utoipa::ToSchema;

/// Limits of one scope. What is absent is not limited by this scope. A cap is an amount in the
/// reporting currency, `"25000"`, or a share of the trading capital, `"10%"`. A book's limits are
/// about that book alone and its own capital.
#[derive(ToSchema)]
#[schema(as = Limits)]
#[allow(dead_code, reason = "read by the description only")]
pub(crate) struct LimitsSchema {
    /// Largest value of one order.
    #[schema(example = "10%")]
    pub(crate) order_notional: Option<String>,
    /// Largest quantity of one order.
    #[schema(example = "100")]
    pub(crate) order_qty: Option<String>,
    /// Largest value of the position in one instrument, working entries included.
    pub(crate) position_notional: Option<String>,
    /// Largest sum of the values of all positions and working entries.
    pub(crate) gross_exposure: Option<String>,
    /// Largest value by which longs exceed shorts, or shorts longs.
    pub(crate) net_exposure: Option<String>,
    /// Largest sum of the values of what moves together with the order's instrument.
    #[schema(example = "15%")]
    pub(crate) correlated_exposure: Option<String>,
    /// Largest gross exposure as a multiple of equity.
    #[schema(example = "3")]
    pub(crate) leverage: Option<String>,
    /// Largest initial margin in the worst case of working entries.
    #[schema(example = "60%")]
    pub(crate) margin_used: Option<String>,
    /// Largest sum of what would be lost if every stop were hit.
    pub(crate) portfolio_heat: Option<String>,
    /// Loss since the day's opening that stops entries until the next day.
    pub(crate) daily_loss: Option<String>,
    /// Fall from the peak, in percent, that stops entries until an operator releases it.
    #[schema(example = "20")]
    pub(crate) drawdown_percent: Option<String>,
    /// Sum of the values of all entries in one day.
    pub(crate) daily_entry_notional: Option<String>,
    /// Sum of the values of the entries of whoever asks in one day.
    pub(crate) origin_daily_notional: Option<String>,
    /// Live orders at once.
    pub(crate) open_orders: Option<u32>,
    /// Entries per second and origin.
    pub(crate) entries_per_second: Option<u32>,
    /// Entries per minute and origin.
    pub(crate) entries_per_minute: Option<u32>,
    /// Entries per day and origin.
    pub(crate) entries_per_day: Option<u32>,
    /// How far beyond the fresh price an order may buy or sell, in percent.
    pub(crate) price_collar_percent: Option<String>,
    /// Oldest price on which an entry may rest, in milliseconds.
    pub(crate) quote_age_ms: Option<u32>,
    /// An entry above this value waits for approval.
    pub(crate) approval_above: Option<String>,
    /// Only these instruments, when present.
    pub(crate) allowed: Option<Vec<String>>,
    /// Never these instruments.
    pub(crate) denied: Option<Vec<String>>,
    /// Pause after a losing exit in the same instrument, in seconds.
    pub(crate) loss_cooldown_secs: Option<u32>,
    /// Entries only at these times, in UTC.
    #[schema(example = "mon-fri 13:30-20:00")]
    pub(crate) trading_window: Option<String>,
}

/// Limits of the whole desk, in the desk's currency.
#[derive(ToSchema)]
#[schema(as = DeskLimits)]
#[allow(dead_code, reason = "read by the description only")]
pub(crate) struct DeskLimitsSchema {
    /// Largest gross exposure of all accounts.
    #[schema(example = "250000")]
    pub(crate) gross_exposure: Option<String>,
    /// Largest value by which the longs of all accounts exceed the shorts, or shorts longs.
    pub(crate) net_exposure: Option<String>,
    /// Largest value of one day's entries of all accounts.
    pub(crate) daily_entry_notional: Option<String>,
    /// Live orders of all accounts.
    pub(crate) open_orders: Option<u32>,
}

/// What happens to an entry that names no stop: `refuse`, `allow`, or `{"attach": "5"}` for a stop
/// at twice the average range, or at so many percent where no range is known.
#[derive(ToSchema)]
#[schema(as = WithoutStop, rename_all = "snake_case")]
#[allow(dead_code, reason = "read by the description only")]
pub(crate) enum WithoutStopSchema {
    /// A stop is attached; the percentage counts where no range is known.
    Attach(String),
    /// The entry is refused.
    Refuse,
    /// The entry passes; the position counts whole as heat.
    Allow,
}

/// How an account wants to be treated.
#[derive(ToSchema)]
#[schema(as = Policy)]
#[allow(dead_code, reason = "read by the description only")]
pub(crate) struct PolicySchema {
    /// What happens to an entry that names no stop.
    pub(crate) without_stop: WithoutStopSchema,
    /// `alert` or `flatten`: what happens when a protective order can't be placed.
    #[schema(example = "alert")]
    pub(crate) protection_failure: String,
    /// Short positions may be opened where the instrument can be borrowed.
    pub(crate) allow_short: bool,
    /// What the desk expects to pay in fees, as a rate of notional.
    #[schema(example = "0.001")]
    pub(crate) fee_rate: String,
    /// How much more than the quote a market order may cost, in percent.
    #[schema(example = "0.5")]
    pub(crate) market_buffer: String,
    /// How long a request waits for approval, in seconds.
    pub(crate) hold_secs: u32,
    /// Sources whose entries may need approval.
    pub(crate) approval_for: Vec<String>,
    /// Span in which the same order from the same source is taken for a mistake, in milliseconds.
    pub(crate) duplicate_window_ms: u32,
    /// The most of the equity of which percentages are taken, in the reporting currency. Absent,
    /// it is the whole equity.
    #[schema(example = "20000")]
    pub(crate) trading_capital: Option<String>,
    /// The leverage of contracts, 1 to 1000; 1 when absent. A contract's own maximum caps it.
    #[schema(example = "5")]
    pub(crate) leverage: Option<String>,
    /// The share of the value of what is held or sold short that equity must cover to open, above
    /// 0 and at most 1. Absent for a cash account.
    #[schema(example = "0.5")]
    pub(crate) spot_margin_rate: Option<String>,
    /// The share below which the venue closes positions of a margin account, at most
    /// `spot_margin_rate`; half of that when absent.
    #[schema(example = "0.25")]
    pub(crate) spot_maintenance_rate: Option<String>,
    /// `cross` or `isolated`: what secures contracts. Cross when absent.
    #[schema(example = "cross")]
    pub(crate) margin_mode: Option<String>,
    /// The age in seconds from which an exchange rate is as good as none for entries; a day when
    /// absent.
    pub(crate) rate_max_age_secs: Option<u32>,
    /// How many seconds the account's prices are behind the market, 1 to 86400; absent for live
    /// data. Delayed, entries are limit orders only and the price collar is twice as wide.
    #[schema(example = 900)]
    pub(crate) data_delay_secs: Option<u32>,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::{Cap, InstrumentId, Limits, Percent, Qty};
    use path::{
        budget::DeskLimits,
        policy::{DataDelay, Leverage, MarginMode, MarginRate, Policy},
    };
    use rust_decimal::Decimal;
    use serde::Serialize;
    use utoipa::PartialSchema;

    use super::*;

    fn described<T: PartialSchema>() -> BTreeSet<String> {
        let schema = serde_json::to_value(T::schema()).unwrap();
        schema["properties"].as_object().unwrap().keys().cloned().collect()
    }

    fn written(value: &impl Serialize) -> BTreeSet<String> {
        serde_json::to_value(value).unwrap().as_object().unwrap().keys().cloned().collect()
    }

    #[test]
    fn the_description_has_the_fields_of_the_types() {
        let (cap, percent) = (Some(Cap::Amount(Qty::ZERO)), Some(Percent::basis_points(1)));
        let symbol: InstrumentId = "sim:X".parse().unwrap();
        let limits = Limits {
            order_notional: cap,
            order_qty: Some(Qty::ZERO),
            position_notional: cap,
            gross_exposure: cap,
            net_exposure: cap,
            correlated_exposure: cap,
            leverage: "3".parse().ok(),
            margin_used: cap,
            portfolio_heat: cap,
            daily_loss: cap,
            drawdown_percent: percent,
            daily_entry_notional: cap,
            origin_daily_notional: cap,
            open_orders: Some(1),
            entries_per_second: Some(1),
            entries_per_minute: Some(1),
            entries_per_day: Some(1),
            price_collar_percent: percent,
            quote_age_ms: Some(1),
            approval_above: cap,
            allowed: Some([symbol.clone()].into()),
            denied: [symbol].into(),
            loss_cooldown_secs: Some(1),
            trading_window: "mon-fri 13:30-20:00".parse().ok(),
        };
        assert_eq!(described::<LimitsSchema>(), written(&limits));
        let rate = MarginRate::try_from(Decimal::ONE).ok();
        let policy = Policy {
            trading_capital: Some(1.into()),
            leverage: Leverage::try_from(Decimal::TWO).unwrap(),
            spot_margin_rate: rate,
            spot_maintenance_rate: rate,
            margin_mode: MarginMode::Isolated,
            rate_max_age_secs: 1,
            data_delay_secs: DataDelay::try_from(900).ok(),
            ..Policy::default()
        };
        assert_eq!(described::<PolicySchema>(), written(&policy));
        let limits = DeskLimits {
            gross_exposure: Some(1.into()),
            net_exposure: Some(1.into()),
            daily_entry_notional: Some(1.into()),
            open_orders: Some(1),
        };
        assert_eq!(described::<DeskLimitsSchema>(), written(&limits));
    }
}
