//! How an order is asked for.
//!
//! A caller may label itself as a less trusted source, never as a more trusted one. It must not
//! know limits.

use domain::{
    AccountId, Activate, BookId, Conditions, GroupId, InstrumentId, Intent, IntentId, OrderKind,
    Origin, OriginKind, Percent, Price, Principal, Protective, Qty, Side, Size, TimeInForce,
    TriggerBy,
};
use utoipa::ToSchema;

use crate::{
    body::{Fields, FromFields},
    guard::asked::Asked,
    problem::ApiError,
    routes::plan::{self, TargetSchema},
};

/// An order to place. Exactly one of `quantity`, `notional`, `percent_equity` and `risk_percent`
/// says how much.
#[derive(ToSchema)]
#[schema(as = OrderRequest, examples(
    json!({"account": "main", "symbol": "sim:IBM", "side": "buy", "quantity": "10",
        "stop": "95", "target": "120"}),
    json!({"account": "main", "symbol": "sim:IBM", "side": "buy", "type": "limit", "limit": "99.5",
        "risk_percent": "0.5", "stop": "95", "tif": "day"}),
    json!({"account": "main", "symbol": "sim:IBM", "side": "buy", "quantity": "10",
        "trail_percent": "2.5", "trail_activation": "104", "time_stop_secs": 7200,
        "targets": [{"price": "105", "percent": "33"}, {"price": "110", "percent": "33"}]}),
    json!({"account": "main", "symbol": "sim:IBM", "side": "buy", "quantity": "10",
        "type": "stop", "trigger": "105", "trigger_by": "quote", "stop": "100",
        "group": "breakout"}),
    json!({"account": "main", "book": "trend", "symbol": "sim:IBM", "side": "sell",
        "quantity": "10", "reduce_only": true, "source": {"kind": "strategy", "name": "trend-1"}})
))]
#[allow(dead_code, reason = "the description's form of the request")]
pub(crate) struct OrderRequestSchema {
    /// Where to trade.
    account: String,
    /// On whose behalf; `manual` when absent.
    book: Option<String>,
    /// What to trade, as venue:SYMBOL.
    symbol: String,
    /// `buy` or `sell`.
    side: String,
    /// Units of the instrument.
    quantity: Option<String>,
    /// Value in the instrument's quote currency.
    notional: Option<String>,
    /// Value as a percentage of the account's equity.
    percent_equity: Option<String>,
    /// What would be lost between entry and stop, as a percentage of equity. Needs a stop.
    risk_percent: Option<String>,
    /// `market` (when absent), `limit`, `stop` or `stop_limit`.
    #[schema(rename = "type")]
    kind: Option<String>,
    /// The limit price of a limit or stop_limit order.
    limit: Option<String>,
    /// The price that triggers a stop or stop_limit order.
    trigger: Option<String>,
    /// `gtc` (when absent), `day`, `ioc`, `fok`, `opg` or `cls`.
    tif: Option<String>,
    /// Refuse rather than take liquidity.
    post_only: Option<bool>,
    /// Refuse rather than open or enlarge a position.
    reduce_only: Option<bool>,
    /// Which price sets a stop or stop_limit order off: `last`, `quote` (the side at which it would
    /// fill) or `mark`; the venue's own choice when absent.
    #[schema(example = "last")]
    trigger_by: Option<String>,
    /// True to let it fill before the opening and after the close too, where the venue has such
    /// sessions.
    extended_hours: Option<bool>,
    /// `now` (when absent), `next_open` or `next_price`: it waits in the desk for the market's next
    /// opening, or for the next price while its market is open, and is sized and judged then, at
    /// the price of then.
    activate: Option<String>,
    /// Orders of one book with the same group are alternatives: as soon as one fills, the others
    /// are cancelled. 1 to 32 of letters, digits, `-` and `_`.
    #[schema(example = "breakout")]
    group: Option<String>,
    /// The stop of the position that it makes, a price; rests at the venue.
    stop: Option<String>,
    /// The price at which all that is left of the position is closed; watched by the desk.
    target: Option<String>,
    /// The stop follows the best price at this distance, in the quote currency; watched by the
    /// desk, the stop itself rests at the venue. Without `stop` it also makes the first stop.
    #[schema(example = "2.5")]
    trail_amount: Option<String>,
    /// As `trail_amount`, as a percentage of the best price; above 0 and below 100.
    trail_percent: Option<String>,
    /// The price that must be reached before the stop begins to follow; at once when absent.
    trail_activation: Option<String>,
    /// Up to four prices at which shares of the position are closed; watched by the desk.
    #[schema(max_items = 4)]
    targets: Option<Vec<TargetSchema>>,
    /// The position is closed at this time, RFC 3339, or when its market next opens; watched by the
    /// desk.
    #[schema(example = "2026-01-30T20:00:00Z")]
    time_stop: Option<String>,
    /// As `time_stop`, so many seconds after the first fill.
    #[schema(example = 7200, minimum = 1)]
    time_stop_secs: Option<u32>,
    /// A less trusted source on whose behalf the order is placed.
    source: Option<SourceSchema>,
}

/// A less trusted source.
#[derive(ToSchema)]
#[schema(as = Source)]
#[allow(dead_code, reason = "the description's form of the request")]
pub(crate) struct SourceSchema {
    /// `strategy`, `campaign`, `copy`, `webhook` or `agent`.
    #[schema(example = "strategy")]
    kind: String,
    /// Its name: 1 to 40 of letters, digits, `-`, `_` and `.`.
    #[schema(example = "trend-1")]
    name: String,
}

/// An order to place, read and checked for its form.
#[derive(Debug)]
pub(crate) struct OrderRequest {
    pub(crate) account: AccountId,
    book: BookId,
    symbol: InstrumentId,
    side: Side,
    size: Size,
    kind: OrderKind,
    tif: TimeInForce,
    post_only: bool,
    reduce_only: bool,
    protective: Protective,
    conditions: Conditions,
    origin: Option<Origin>,
}

impl FromFields for OrderRequest {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        let account = f.need::<AccountId>("account");
        let book = f.may::<BookId>("book");
        let symbol = f.need::<InstrumentId>("symbol");
        let side = f.need_choice::<Side>("side", "buy or sell");
        let size = size(f);
        let kind = kind(f);
        let tif = f.choice::<TimeInForce>("tif", "gtc, day, ioc, fok, opg or cls");
        let post_only = f.flag("post_only");
        let reduce_only = f.flag("reduce_only");
        let protective = plan::levels(f);
        let conditions = conditions(f);
        let source = f.object::<Source>("source");
        Some(Self {
            account: account?,
            book: book?.unwrap_or_else(BookId::manual),
            symbol: symbol?,
            side: side?,
            size: size?,
            kind: kind?,
            tif: tif?.unwrap_or_default(),
            post_only: post_only?,
            reduce_only: reduce_only?,
            protective: protective?,
            conditions: conditions?,
            origin: source?.map(|s| s.0),
        })
    }
}

fn size(f: &mut Fields) -> Option<Size> {
    let quantity = f.decimal::<Qty>("quantity");
    let notional = f.decimal::<Qty>("notional");
    let equity = f.decimal::<Percent>("percent_equity");
    let risk = f.decimal::<Percent>("risk_percent");
    let sizes = [
        quantity?.map(Size::Quantity),
        notional?.map(Size::Notional),
        equity?.map(Size::PercentEquity),
        risk?.map(Size::RiskPercent),
    ];
    let mut given = sizes.into_iter().flatten();
    match (given.next(), given.next()) {
        (Some(size), None) => Some(size),
        _ => {
            let rule = "give exactly one of quantity, notional, percent_equity and risk_percent";
            f.refuse("quantity", rule);
            None
        }
    }
}

fn kind(f: &mut Fields) -> Option<OrderKind> {
    let name = f.may::<String>("type");
    let limit = f.decimal::<Price>("limit");
    let trigger = f.decimal::<Price>("trigger");
    let name = name?.unwrap_or_else(|| "market".to_owned());
    match (name.as_str(), limit?, trigger?) {
        ("market", None, None) => Some(OrderKind::Market),
        ("limit", Some(limit), None) => Some(OrderKind::Limit { limit }),
        ("stop", None, Some(trigger)) => Some(OrderKind::Stop { trigger }),
        ("stop_limit", Some(limit), Some(trigger)) => Some(OrderKind::StopLimit { trigger, limit }),
        _ => {
            let rule = "market has neither limit nor trigger, limit has a limit, stop has a \
                        trigger, stop_limit has both";
            f.refuse("type", rule);
            None
        }
    }
}

fn conditions(f: &mut Fields) -> Option<Conditions> {
    let trigger_by = f.choice::<TriggerBy>("trigger_by", "last, quote or mark");
    let extended_hours = f.flag("extended_hours");
    let activate = f.choice::<Activate>("activate", "now, next_open or next_price");
    let group = f.may::<GroupId>("group");
    Some(Conditions {
        trigger_by: trigger_by?,
        extended_hours: extended_hours?,
        activate: activate?.unwrap_or_default(),
        group: group?,
        ..Conditions::default()
    })
}

/// A less trusted source.
struct Source(Origin);

/// The longest name of a source.
const SOURCE_NAME_MAX: usize = 40;

impl FromFields for Source {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        let rule = "strategy, campaign, copy, webhook or agent";
        let kind = f.need_choice::<OriginKind>("kind", rule);
        let name = f.need::<String>("name");
        let (kind, name) = (kind?, name?);
        let less_trusted = matches!(
            kind,
            OriginKind::Strategy
                | OriginKind::Campaign
                | OriginKind::Copy
                | OriginKind::Webhook
                | OriginKind::Agent
        );
        if !less_trusted {
            f.refuse("kind", rule);
            return None;
        }
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        if !(1..=SOURCE_NAME_MAX).contains(&name.len()) || !plain {
            f.refuse("name", "1 to 40 of letters, digits, `-`, `_` and `.`");
            return None;
        }
        let principal = Principal::new(format!("{}:{name}", kind.name())).ok()?;
        Some(Self(Origin::new(kind, principal)))
    }
}

impl OrderRequest {
    /// The wish, under a fresh id.
    pub(crate) fn into_intent(
        self,
        key: Option<String>,
        asked: &Asked,
    ) -> Result<Intent, ApiError> {
        Ok(Intent {
            id: fresh_id()?,
            account: self.account,
            book: self.book,
            instrument: self.symbol,
            side: self.side,
            size: self.size,
            kind: self.kind,
            tif: self.tif,
            post_only: self.post_only,
            reduce_only: self.reduce_only,
            protective: self.protective,
            conditions: self.conditions,
            origin: asked.speaks_for(self.origin),
            idempotency_key: key,
        })
    }
}

/// A new id for a wish that came through this door.
pub(crate) fn fresh_id() -> Result<IntentId, ApiError> {
    let mut bytes = [0; 12];
    let failed = |what: String| ApiError::internal("no_randomness", what);
    getrandom::fill(&mut bytes).map_err(|e| failed(e.to_string()))?;
    IntentId::new(format!("api-{}", hex::encode(bytes))).map_err(|e| failed(e.to_string()))
}
