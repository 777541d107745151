//! The demo's trader: a fixed routine that buys a little, lets stop and target work, and buys
//! again.
//!
//! It is a door like any other: it knows an account's handle and nothing of venues. It is not a
//! strategy to copy.

use std::time::Duration;

use desk::Desk;
use domain::{
    AccountId, BookId, InstrumentId, Intent, IntentId, OrderKind, Origin, OriginKind, Percent,
    Price, Principal, Protective, Side, Size, TimeInForce,
};
use rust_decimal::Decimal;

use super::{demo, market_data::SYNTHETIC};

/// Pause between two looks.
const EVERY: Duration = Duration::from_secs(5);
/// Distance of the stop, in percent.
const STOP_PERCENT: Decimal = Decimal::from_parts(8, 0, 0, true, 1);
/// Distance of the target, in percent.
const TARGET_PERCENT: Decimal = Decimal::from_parts(12, 0, 0, false, 1);

struct Names {
    account: AccountId,
    book: BookId,
    principal: Principal,
    symbols: Vec<InstrumentId>,
}

impl Names {
    fn new() -> Option<Self> {
        Some(Self {
            account: AccountId::new(demo::ACCOUNT).ok()?,
            book: BookId::new(demo::BOOK).ok()?,
            principal: Principal::new("strategy:demo-trader").ok()?,
            symbols: [SYNTHETIC, "sim:IBM"].iter().filter_map(|s| s.parse().ok()).collect(),
        })
    }
}

/// Runs until dropped.
pub(super) async fn run(desk: Desk) {
    let Some(names) = Names::new() else { return };
    let mut every = tokio::time::interval(EVERY);
    let mut round: u64 = 0;
    loop {
        every.tick().await;
        round += 1;
        for symbol in &names.symbols {
            trade(&desk, &names, symbol, round).await;
        }
    }
}

async fn trade(desk: &Desk, names: &Names, symbol: &InstrumentId, round: u64) {
    let Ok(account) = desk.account(&names.account) else { return };
    let (book, id) = (names.book.clone(), symbol.clone());
    let seen = account
        .look(move |core, _| {
            let state = core.state();
            let busy = !state.position(&book, &id).is_zero()
                || state.live_in(&book, &id).next().is_some()
                || state.kill.is_some();
            let ask = core.market().quote(&id).map(|q| q.ask);
            ask.filter(|_| !busy)
        })
        .await;
    let Ok(Some(ask)) = seen else { return };
    let Some(intent) = intent(names, symbol, ask, desk.incarnation(), round) else { return };
    if let Err(error) = account.submit(intent).await {
        tracing::warn!(%error, "the demo's trader got no answer");
    }
}

fn intent(
    names: &Names,
    symbol: &InstrumentId,
    ask: Price,
    run: u32,
    round: u64,
) -> Option<Intent> {
    let name = symbol.symbol();
    Some(Intent {
        id: IntentId::new(format!("demo-{run}-{name}-{round}")).ok()?,
        account: names.account.clone(),
        book: names.book.clone(),
        instrument: symbol.clone(),
        side: Side::Buy,
        size: Size::PercentEquity(Percent::basis_points(300)),
        kind: OrderKind::Market,
        tif: TimeInForce::Gtc,
        post_only: false,
        reduce_only: false,
        protective: Protective {
            stop: ask.moved_percent(STOP_PERCENT),
            target: ask.moved_percent(TARGET_PERCENT),
            ..Protective::default()
        },
        conditions: domain::Conditions::default(),
        origin: Origin::new(OriginKind::Strategy, names.principal.clone()),
        idempotency_key: Some(format!("{run}-{name}-{round}")),
    })
}
