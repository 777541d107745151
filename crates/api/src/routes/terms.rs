//! On which terms a paper account trades: short, on margin, with leverage, on delayed prices.
//!
//! They are settings of the account's policy, which the venue is given too; here they have the
//! words of a person who opens an account. It must not know how a venue applies them.

use path::policy::{
    DATA_DELAY_MAX, DataDelay, Leverage, MarginMode, MarginRate, Policy, SettingError,
};
use rust_decimal::Decimal;
use utoipa::ToSchema;

use axum::Json;

use super::{Done, orders::wait::TermsAnswer};
use crate::{
    body::{Fields, FromFields},
    problem::{ApiError, FieldError},
};

/// How a margin account pays: shares of the value of what is held or sold short.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"initial_rate": "0.5", "maintenance_rate": "0.25"}))]
pub(crate) struct MarginRequest {
    /// What equity must cover to open, above 0 and at most 1; Regulation T asks for 0.5.
    #[schema(value_type = String)]
    initial_rate: MarginRate,
    /// Below which the venue closes positions, at most the initial rate; half of it when absent.
    #[schema(value_type = Option<String>)]
    maintenance_rate: Option<MarginRate>,
}

impl FromFields for MarginRequest {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        let initial = f.setting::<MarginRate>("initial_rate");
        let maintenance = f.setting::<MarginRate>("maintenance_rate");
        let initial_rate = initial?;
        if initial_rate.is_none() {
            f.refuse("initial_rate", "required: above 0 and at most 1; 0.5 is half of the value");
        }
        let (initial_rate, maintenance_rate) = (initial_rate?, maintenance?);
        if let Some(rate) = maintenance_rate.filter(|rate| rate.get() > initial_rate.get()) {
            let most = initial_rate.get();
            f.refuse_value("maintenance_rate", rate.get(), format!("at most the initial {most}"));
            return None;
        }
        Some(Self { initial_rate, maintenance_rate })
    }
}

/// The terms that a request names; what it leaves out is as in its policy.
#[derive(Debug)]
pub(crate) struct Terms {
    pub(crate) short: bool,
    pub(crate) margin: Option<MarginRequest>,
    pub(crate) margin_mode: Option<MarginMode>,
    pub(crate) leverage: Option<Leverage>,
    pub(crate) data_delay: Option<DataDelay>,
}

impl Terms {
    /// Takes the fields; `None` after one that is wrong.
    pub(crate) fn read(f: &mut Fields) -> Option<Self> {
        let short = f.flag("short");
        let margin = f.object::<MarginRequest>("margin");
        let margin_mode = f.choice::<MarginMode>("margin_mode", "`cross` or `isolated`");
        let leverage = f.setting::<Leverage>("leverage");
        let delay = f.count("data_delay_secs", 1..=DATA_DELAY_MAX);
        let (short, margin) = (short?, margin?);
        let data_delay = delay?.and_then(|secs| DataDelay::try_from(secs).ok());
        Some(Self { short, margin, margin_mode: margin_mode?, leverage: leverage?, data_delay })
    }

    /// The policy with these terms. A margin account may always be short.
    pub(crate) fn over(self, mut policy: Policy) -> Policy {
        policy.allow_short |= self.short || self.margin.is_some();
        if let Some(margin) = self.margin {
            policy.spot_margin_rate = Some(margin.initial_rate);
            policy.spot_maintenance_rate = margin.maintenance_rate;
        }
        policy.margin_mode = self.margin_mode.unwrap_or(policy.margin_mode);
        policy.leverage = self.leverage.unwrap_or(policy.leverage);
        policy.data_delay_secs = self.data_delay.or(policy.data_delay_secs);
        policy
    }
}

/// Checks the settings of a policy that must fit one another.
///
/// # Errors
/// 400, naming the field, its value and the rule.
pub(crate) fn check(policy: &Policy) -> Result<(), ApiError> {
    policy.validate().map_err(|error| {
        let (field, value) = match &error {
            SettingError::FeeRate(rate) => ("policy.fee_rate", Some(*rate)),
            SettingError::TradingCapital(capital) => ("policy.trading_capital", Some(*capital)),
            _ => {
                let rate = policy.spot_maintenance_rate.map(MarginRate::get);
                ("policy.spot_maintenance_rate", rate)
            }
        };
        let (field, value) = (field.to_owned(), value.map(|v| v.to_string()));
        ApiError::fields(vec![FieldError { field, value, rule: error.to_string() }])
    })
}

/// The answer to a request for other terms.
///
/// # Errors
/// 409 with the venue's words, 503 while it has not answered.
pub(crate) fn answered(answer: TermsAnswer) -> Result<Json<Done>, ApiError> {
    match answer {
        TermsAnswer::Agreed => Ok(Json(Done { done: true })),
        TermsAnswer::Refused(text) => Err(ApiError::conflict(
            "terms_refused",
            format!("The venue can't follow: {text}."),
            "Close what is held on the old terms, or put money in, and try again.",
        )),
        TermsAnswer::Open => Err(ApiError::unavailable(
            "terms_pending",
            "The venue has not answered yet; the old policy holds until it has.",
            "Look at the account's terms in a moment; nothing needs to be sent again.",
        )),
    }
}

impl Fields {
    /// A number of a policy that has a range, in a string, which may be absent.
    fn setting<T>(&mut self, name: &'static str) -> Option<Option<T>>
    where
        T: TryFrom<Decimal, Error: std::fmt::Display>,
    {
        let Some(given) = self.decimal::<Decimal>(name)? else { return Some(None) };
        match T::try_from(given) {
            Ok(value) => Some(Some(value)),
            Err(error) => {
                self.refuse_value(name, given, error.to_string());
                None
            }
        }
    }
}
