//! The assumptions of the simulation, as numbers and in words.
//!
//! This module exists so that every result can be printed together with what was assumed. It must
//! not know how the engine applies an assumption.

use domain::{Nanos, Percent};
use path::broker::Capabilities;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::error::SimError;

/// When a limit order that rests in the book fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FillLimitsOn {
    /// When the market goes beyond the limit: whoever stood before us in the queue is gone.
    #[default]
    TradeThrough,
    /// When the market reaches the limit.
    Touch,
}

/// Which price triggers a stop that does not say itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TriggerOn {
    /// The last trade.
    #[default]
    Last,
    /// The side of the quote at which the stop would fill.
    Quote,
}

/// The models of the simulated venue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SimConfig {
    /// Hundredths of a per cent by which market and stop orders fill worse than the price that
    /// stands; 0 to 1000. The half-spread is in the quote already; bars have none.
    pub slippage_bps: Decimal,
    /// Fee of a fill that rested, as a share of its value: 0.001 is 0.1 %. Negative is a rebate.
    pub maker_fee: Decimal,
    /// Fee of a fill that took, as a share of its value.
    pub taker_fee: Decimal,
    /// The largest share of the traded volume that fills, over all accounts; `None` for no cap.
    pub volume_share: Option<Percent>,
    /// When resting limits fill.
    pub fill_limits_on: FillLimitsOn,
    /// Which price triggers stops.
    pub trigger_on: TriggerOn,
    /// Fee of a fill by which the venue liquidates a contract, as a share of its value.
    pub liquidation_fee: Decimal,
    /// True when a fund takes over what a liquidation would cost beyond the margin that secures
    /// it: then no contract costs more than that margin, and the balance ends at zero at worst.
    pub insurance_fund: bool,
    /// What holders of short positions owe the lender a year, as a share of their value.
    pub borrow_rate: Decimal,
    /// What accounts owe the venue a year on cash that they have borrowed, as a share of it.
    pub interest_rate: Decimal,
    /// True to keep orders for the opening that arrive while the market is closed.
    pub queue_when_closed: bool,
    /// True for a venue that knows the reduce-only mark; at any other the mark is not read.
    pub reduce_only: bool,
    /// True for a venue at which an order can take another one's place in one step.
    pub replace: bool,
    /// True for a venue that cancels the others of a group as soon as one fills; any other does
    /// not read which group an order belongs to.
    pub groups: bool,
    /// True for a venue that trades before the opening and after the close; any other does not
    /// read which orders may fill then.
    pub extended_hours: bool,
    /// True for a venue that takes the client's order ids and tells them; any other names orders by
    /// ids of its own only.
    pub client_ids: bool,
    /// An order waits for the next tick when the quote is older than this as it arrives. `None`
    /// takes a quote of any age.
    pub quote_max_age: Option<Nanos>,
    /// Ended orders per account that stay in memory; older ones are read from the storage.
    pub keep_done: usize,
    /// Executions per account that stay in memory; older ones are read from the storage.
    pub keep_fills: usize,
}

impl Default for SimConfig {
    fn default() -> Self {
        Self {
            slippage_bps: Decimal::ZERO,
            maker_fee: Decimal::new(1, 3),
            taker_fee: Decimal::new(1, 3),
            volume_share: None,
            fill_limits_on: FillLimitsOn::TradeThrough,
            trigger_on: TriggerOn::Last,
            liquidation_fee: Decimal::new(5, 3),
            insurance_fund: true,
            borrow_rate: Decimal::ZERO,
            interest_rate: Decimal::ZERO,
            queue_when_closed: true,
            reduce_only: true,
            replace: true,
            groups: true,
            extended_hours: true,
            client_ids: true,
            quote_max_age: None,
            keep_done: 1_024,
            keep_fills: 4_096,
        }
    }
}

pub(crate) fn range(
    field: &'static str,
    value: Decimal,
    min: Decimal,
    max: Decimal,
    rule: &'static str,
) -> Result<(), SimError> {
    if value < min || value > max || value.scale() > 12 {
        return Err(SimError::Config { field, value: value.to_string(), rule });
    }
    Ok(())
}

impl SimConfig {
    /// Checks every number.
    ///
    /// # Errors
    /// [`SimError::Config`] names the setting and its rule.
    pub fn validate(&self) -> Result<(), SimError> {
        let tenth = Decimal::new(1, 1);
        let slippage = "0 to 1000 hundredths of a per cent, at most 12 decimals";
        range("slippage_bps", self.slippage_bps, Decimal::ZERO, Decimal::from(1_000), slippage)?;
        let fee = "-0.1 to 0.1 (10 %), at most 12 decimals";
        range("maker_fee", self.maker_fee, -tenth, tenth, fee)?;
        range("taker_fee", self.taker_fee, -tenth, tenth, fee)?;
        let fee = "0 to 0.1 (10 %), at most 12 decimals";
        range("liquidation_fee", self.liquidation_fee, Decimal::ZERO, tenth, fee)?;
        let rate = "0 to 10 (1000 %) a year, at most 12 decimals";
        range("borrow_rate", self.borrow_rate, Decimal::ZERO, Decimal::TEN, rate)?;
        range("interest_rate", self.interest_rate, Decimal::ZERO, Decimal::TEN, rate)?;
        if let Some(share) = self.volume_share {
            let rule = "0 to 100 per cent, at most 12 decimals";
            range("volume_share", share.get(), Decimal::ZERO, Decimal::ONE_HUNDRED, rule)?;
        }
        Ok(())
    }

    /// What the venue can do.
    #[must_use]
    pub const fn capabilities(&self) -> Capabilities {
        Capabilities {
            reduce_only: self.reduce_only,
            queues_when_closed: self.queue_when_closed,
            replace: self.replace,
            groups: self.groups,
            terms: true,
            extended_hours: self.extended_hours,
            client_ids: self.client_ids,
            acceptance_window: Nanos(0),
        }
    }

    /// The assumptions in words, one sentence each.
    #[must_use]
    pub fn describe(&self) -> Vec<String> {
        let percent = |rate: Decimal| (rate * Decimal::ONE_HUNDRED).normalize();
        let slippage = if self.slippage_bps.is_zero() {
            "Market and stop orders fill at the bid or ask that stands, without slippage beyond it."
                .to_owned()
        } else {
            format!(
                "Market and stop orders fill {} hundredths of a per cent worse than the bid or ask \
                 that stands, rounded to the tick against the order; this may lie outside a bar's range.",
                self.slippage_bps.normalize()
            )
        };
        let limits = match self.fill_limits_on {
            FillLimitsOn::TradeThrough => {
                "Resting limit orders fill at their limit when the price goes beyond it; reaching \
                 it is not enough."
            }
            FillLimitsOn::Touch => {
                "Resting limit orders fill at their limit when the price reaches it."
            }
        };
        let trigger = match self.trigger_on {
            TriggerOn::Last => "Stops are triggered by the last trade.",
            TriggerOn::Quote => "Stops are triggered by the quote's side at which they would fill.",
        };
        let volume = self.volume_share.map_or_else(
            || "Volume does not limit fills.".to_owned(),
            |share| {
                format!(
                    "At most {share} % of each tick's or bar's traded volume fills, over all \
                     accounts together; unknown volume does not limit fills."
                )
            },
        );
        let closed = if self.queue_when_closed {
            "Orders that arrive while the market is closed wait for its opening."
        } else {
            "Orders that arrive while the market is closed are refused, except for the opening \
             auction's."
        };
        let mut words = vec![
            slippage,
            format!(
                "Fees are charged in the quote currency: {} % for resting orders and {} % for \
                 taking ones, rounded up at 8 decimals.",
                percent(self.maker_fee),
                percent(self.taker_fee)
            ),
            limits.to_owned(),
            trigger.to_owned(),
            volume,
            "Within a bar the gap at the open comes first, then stops, then limits; when a stop \
             and a target are both reached, the stop fills."
                .to_owned(),
            "A stop or a limit that the open has jumped over fills at the open.".to_owned(),
            closed.to_owned(),
            "Orders fill against the market only, never against each other, and do not move it. \
             The venue adds no latency."
                .to_owned(),
        ];
        words.extend(self.describe_options());
        words
    }

    /// What is assumed only when it is set.
    fn describe_options(&self) -> Vec<String> {
        let mut words = Vec::new();
        if let Some(age) = self.quote_max_age {
            let ms = age.as_millis();
            words.push(format!(
                "An order waits for the next tick when the quote is older than {ms} ms."
            ));
        }
        if !self.client_ids {
            let text = "Orders have the venue's ids only; the client's are not kept.";
            words.push(text.to_owned());
        }
        if !self.borrow_rate.is_zero() || !self.interest_rate.is_zero() {
            words.push(format!(
                "Shorts owe {} % and borrowed cash {} % a year, charged once a day.",
                (self.borrow_rate * Decimal::ONE_HUNDRED).normalize(),
                (self.interest_rate * Decimal::ONE_HUNDRED).normalize()
            ));
        }
        words
    }

    /// What is assumed about contracts, one sentence each.
    #[must_use]
    pub fn describe_contracts(&self) -> Vec<String> {
        let fee = (self.liquidation_fee * Decimal::ONE_HUNDRED).normalize();
        let fund = if self.insurance_fund {
            "What a liquidation costs beyond the margin is taken over by the venue's fund."
        } else {
            "What a liquidation costs beyond the margin is owed by the account."
        };
        vec![
            "Contracts are valued at the mark price, or at the last trade when none is told; \
             within a bar at its low and high, after its stops."
                .to_owned(),
            format!(
                "A contract whose margin falls below the venue's table is closed step by step at \
                 the market, with a fee of {fee} %; volume does not limit that."
            ),
            fund.to_owned(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_out_of_range_are_refused_by_name() {
        let config = SimConfig { taker_fee: Decimal::TWO, ..SimConfig::default() };
        let error = config.validate().unwrap_err();
        assert_eq!(error.code(), "sim_config");
        let words = "taker_fee is 2: -0.1 to 0.1 (10 %), at most 12 decimals";
        assert_eq!(error.to_string(), words);
        let config = SimConfig { slippage_bps: -Decimal::ONE, ..SimConfig::default() };
        assert!(config.validate().is_err());
    }

    #[test]
    fn the_words_follow_the_numbers() {
        let words = SimConfig::default().describe().join("\n");
        assert!(
            words.contains("without slippage beyond it") && words.contains("goes beyond it"),
            "{words}"
        );
        assert!(words.contains("0.1 % for resting orders and 0.1 % for taking ones"), "{words}");
        let config = SimConfig {
            slippage_bps: Decimal::new(25, 1),
            volume_share: Percent::new(Decimal::TEN).ok(),
            fill_limits_on: FillLimitsOn::Touch,
            quote_max_age: Some(Nanos::from_secs(1)),
            ..SimConfig::default()
        };
        let words = config.describe().join("\n");
        assert!(words.contains("2.5 hundredths of a per cent"), "{words}");
        assert!(words.contains("At most 10 % of each tick's"), "{words}");
        assert!(words.contains("when the price reaches it."), "{words}");
        assert!(words.contains("older than 1000 ms"), "{words}");
    }
}
