//! Whether new limits allow anything that the old ones did not.
//!
//! Every limit of every record is named, so one that is added later must be judged here before it
//! compiles. What can't be compared (an amount and a percentage, two trading windows) counts as
//! raised. It must not know who may raise.

use domain::{Cap, Limits};
use path::budget::DeskLimits;

/// True when a ceiling is lifted or taken away.
fn above<T: PartialOrd>(old: Option<&T>, new: Option<&T>) -> bool {
    match (old, new) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(old), Some(new)) => new.partial_cmp(old).is_none_or(std::cmp::Ordering::is_gt),
    }
}

fn cap(old: Option<Cap>, new: Option<Cap>) -> bool {
    match (old, new) {
        (Some(Cap::Amount(old)), Some(Cap::Amount(new))) => new > old,
        (Some(Cap::OfEquity(old)), Some(Cap::OfEquity(new))) => new > old,
        (None, _) => false,
        _ => true,
    }
}

/// Limits of a scope of an account.
pub(crate) fn account(old: &Limits, new: &Limits) -> bool {
    let Limits {
        order_notional,
        order_qty,
        position_notional,
        gross_exposure,
        net_exposure,
        correlated_exposure,
        leverage,
        margin_used,
        portfolio_heat,
        daily_loss,
        drawdown_percent,
        daily_entry_notional,
        origin_daily_notional,
        open_orders,
        entries_per_second,
        entries_per_minute,
        entries_per_day,
        price_collar_percent,
        quote_age_ms,
        approval_above,
        allowed,
        denied,
        loss_cooldown_secs,
        trading_window,
    } = old;
    let caps = [
        (order_notional, &new.order_notional),
        (position_notional, &new.position_notional),
        (gross_exposure, &new.gross_exposure),
        (net_exposure, &new.net_exposure),
        (correlated_exposure, &new.correlated_exposure),
        (margin_used, &new.margin_used),
        (portfolio_heat, &new.portfolio_heat),
        (daily_loss, &new.daily_loss),
        (daily_entry_notional, &new.daily_entry_notional),
        (origin_daily_notional, &new.origin_daily_notional),
        (approval_above, &new.approval_above),
    ];
    let counts = [
        (open_orders, &new.open_orders),
        (entries_per_second, &new.entries_per_second),
        (entries_per_minute, &new.entries_per_minute),
        (entries_per_day, &new.entries_per_day),
        (quote_age_ms, &new.quote_age_ms),
    ];
    let wider = match (allowed, &new.allowed) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(old), Some(new)) => !new.is_subset(old),
    };
    let shorter = loss_cooldown_secs.unwrap_or(0) > new.loss_cooldown_secs.unwrap_or(0);
    caps.into_iter().any(|(old, new)| cap(*old, *new))
        || counts.into_iter().any(|(old, new)| above(old.as_ref(), new.as_ref()))
        || above(order_qty.as_ref(), new.order_qty.as_ref())
        || above(leverage.as_ref(), new.leverage.as_ref())
        || above(drawdown_percent.as_ref(), new.drawdown_percent.as_ref())
        || above(price_collar_percent.as_ref(), new.price_collar_percent.as_ref())
        || wider
        || !denied.is_subset(&new.denied)
        || shorter
        || (trading_window.is_some() && *trading_window != new.trading_window)
}

/// Limits of the whole desk.
pub(crate) fn desk(old: &DeskLimits, new: &DeskLimits) -> bool {
    let DeskLimits { gross_exposure, net_exposure, daily_entry_notional, open_orders } = old;
    above(gross_exposure.as_ref(), new.gross_exposure.as_ref())
        || above(net_exposure.as_ref(), new.net_exposure.as_ref())
        || above(daily_entry_notional.as_ref(), new.daily_entry_notional.as_ref())
        || above(open_orders.as_ref(), new.open_orders.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(json: &str) -> Limits {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn tighter_is_not_raised_and_all_else_is() {
        for (old, new, expected) in [
            ("{}", r#"{"order_notional":"5%","denied":["sim:IBM"]}"#, false),
            (r#"{"order_notional":"5%"}"#, r#"{"order_notional":"4%"}"#, false),
            (r#"{"order_notional":"5%"}"#, r#"{"order_notional":"6%"}"#, true),
            (r#"{"order_notional":"5%"}"#, r#"{"order_notional":"1000"}"#, true),
            (r#"{"order_notional":"5%"}"#, "{}", true),
            (r#"{"open_orders":5}"#, r#"{"open_orders":6}"#, true),
            (r#"{"order_qty":"5"}"#, r#"{"order_qty":"5"}"#, false),
            (r#"{"loss_cooldown_secs":60}"#, r#"{"loss_cooldown_secs":59}"#, true),
            (r#"{"loss_cooldown_secs":60}"#, r#"{"loss_cooldown_secs":61}"#, false),
            (r#"{"allowed":["sim:IBM"]}"#, r#"{"allowed":["sim:IBM","sim:X"]}"#, true),
            (r#"{"allowed":["sim:IBM","sim:X"]}"#, r#"{"allowed":["sim:X"]}"#, false),
            (r#"{"denied":["sim:IBM"]}"#, "{}", true),
        ] {
            assert_eq!(account(&limits(old), &limits(new)), expected, "{old} to {new}");
        }
    }

    /// Each limit alone: taking it away raises, and setting it does not.
    #[test]
    fn every_limit_counts() {
        let whole = limits(
            r#"{"order_notional":"1%","order_qty":"1","position_notional":"1%","gross_exposure":"1%",
            "net_exposure":"1%","correlated_exposure":"1%","leverage":"2","margin_used":"1%","portfolio_heat":"1%",
            "daily_loss":"1%","drawdown_percent":"1","daily_entry_notional":"1","origin_daily_notional":"1",
            "open_orders":1,"entries_per_second":1,"entries_per_minute":1,"entries_per_day":1,
            "price_collar_percent":"1","quote_age_ms":1,"approval_above":"1","allowed":["sim:X"],
            "denied":["sim:Y"],"loss_cooldown_secs":1}"#,
        );
        let serde_json::Value::Object(all) = serde_json::to_value(&whole).unwrap() else {
            panic!()
        };
        assert_eq!(all.len(), 23);
        for name in all.keys() {
            let mut less = all.clone();
            less.remove(name);
            let less: Limits = serde_json::from_value(less.into()).unwrap();
            assert!(account(&whole, &less), "{name}");
            assert!(!account(&less, &whole), "{name}");
        }
    }
}
