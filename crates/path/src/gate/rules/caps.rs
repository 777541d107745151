//! Ceilings on what the account, or the asking book alone, would come to.
//!
//! The limits of the account, an origin, a principal or an instrument are about the whole account,
//! those of a book about that book: of the two the one that leaves less room refuses. A figure that
//! can't be told fails closed. This module must not know how figures are computed.

use domain::{Cap, Limits, Price, Qty, Scope};
use rust_decimal::Decimal;

use super::{
    super::{
        exposure::{Asked, Own, WithOrder},
        figures::product,
    },
    Base, Case,
    sizes::{largest, largest_fitting, untold},
    tightest,
};
use crate::codes::{Refusal, RefusalCode as Code};

/// Reads one cap of a scope's limits.
type CapOf = fn(&Limits) -> Option<Cap>;
/// Reads a book's own figure.
type OwnOf<'f> = &'f dyn Fn(&Own) -> Option<Decimal>;

/// The caps of one case.
pub(super) struct Caps<'c, 'a> {
    case: &'c Case<'a>,
    base: Base,
    price: Price,
    notional: Decimal,
    out: &'c mut Vec<Refusal>,
}

impl<'c, 'a> Caps<'c, 'a> {
    pub(super) fn new(
        case: &'c Case<'a>,
        base: Base,
        (price, notional): (Price, Decimal),
        out: &'c mut Vec<Refusal>,
    ) -> Self {
        Self { case, base, price, notional, out }
    }

    /// Every cap on exposure.
    pub(super) fn judge(mut self) {
        let (case, notional) = (self.case, self.notional);
        let (book, side) = (case.ctx.book(), case.intent.side);
        let WithOrder { exposure, gross } = case.with_order();
        self.order_value();
        self.over(Code::PositionNotional, |l| l.position_notional, &|| exposure, &|o| o.exposure);
        self.over(Code::GrossExposure, |l| l.gross_exposure, &|| gross, &|o| o.gross);
        self.over(
            Code::NetExposure,
            |l| l.net_exposure,
            &|| Some(book.reach()?.with(side, notional)?.toward(side)),
            &|o| Some(o.reach?.toward(side)),
        );
        self.over(
            Code::CorrelatedExposure,
            |l| l.correlated_exposure,
            &|| book.correlated(&case.intent.instrument, exposure?),
            &|o| o.correlated,
        );
        self.leverage(gross);
        self.margin_used();
        self.heat();
        let of_book = case.ctx.state.books.get(&case.intent.book);
        self.over(
            Code::DailyEntryNotional,
            |l| l.daily_entry_notional,
            &|| case.ctx.state.entries_notional.checked_add(notional),
            &|_| of_book?.entries_notional.checked_add(notional),
        );
        self.quota();
        self.open_orders();
    }

    /// The order by itself; every scope's cap is about the same value.
    fn order_value(&mut self) {
        let caps = self.case.scopes().filter_map(|(s, l)| Some((l.order_notional?, s)));
        let limit = tightest(caps.map(|(cap, s)| (self.base.resolve(s, cap), s)));
        self.refuse(Code::OrderNotional, limit, Some(self.notional));
    }

    /// What the asking principal opens in one day, in all books.
    fn quota(&mut self) {
        let caps = self.case.scopes().filter_map(|(s, l)| Some((l.origin_daily_notional?, s)));
        let limit = tightest(caps.map(|(cap, s)| (self.base.resolve(s, cap), s)));
        if limit.is_none() {
            return;
        }
        let day = self.case.day();
        let used = self.case.usages().map(|u| u.notional_of(day)).max().unwrap_or_default();
        self.refuse(Code::OriginDailyNotional, limit, used.checked_add(self.notional));
    }

    /// Judges a cap on the account's figure, and the book's cap on the book's own.
    fn over(
        &mut self,
        code: Code,
        get: CapOf,
        whole: &dyn Fn() -> Option<Decimal>,
        own: OwnOf<'_>,
    ) {
        let unit = || self.per_unit();
        let refusal = self.judged(code, get, whole, own, &unit);
        self.out.extend(refusal);
    }

    fn judged(
        &self,
        code: Code,
        get: CapOf,
        whole: &dyn Fn() -> Option<Decimal>,
        own: OwnOf<'_>,
        unit: &dyn Fn() -> Decimal,
    ) -> Option<Refusal> {
        let wide = self.case.wide_scopes().filter_map(|(s, l)| Some((get(l)?, s)));
        let wide = tightest(wide.map(|(cap, s)| (self.base.resolve(s, cap), s)));
        let of_book = self.case.book_limits().and_then(get);
        let of_book = of_book.map(|cap| (self.base.resolve(Scope::Book, cap), Scope::Book));
        let wide = wide.and_then(|limit| self.beyond(code, limit, whole(), unit));
        let of_book = of_book.and_then(|limit| {
            let would = self.own().and_then(own);
            self.beyond(code, limit, would, unit)
        });
        tighter(wide, of_book)
    }

    /// Leverage is of equity; a book's is of the book's capital.
    fn leverage(&mut self, gross: Option<Decimal>) {
        let wide = self.case.wide_scopes().filter_map(|(s, l)| Some((l.leverage?, s)));
        let wide = tightest(wide).map(|limit| (limit, self.base.equity));
        let of_book = self.case.book_limits().and_then(|l| l.leverage);
        let of_book = of_book.map(|multiple| ((multiple, Scope::Book), self.base.own));
        let judge = |((multiple, scope), equity): ((domain::Multiple, Scope), Decimal),
                     would: Option<Decimal>| {
            let limit = (multiple.of(equity.max(Decimal::ZERO)), scope);
            let refusal = self.beyond(Code::Leverage, limit, would, &|| self.per_unit())?;
            let Some(would) = would else { return Some(refusal) };
            let shown = Refusal::limit(
                Code::Leverage,
                scope,
                multiple,
                times(would, equity),
                refusal.max_allowed_qty,
            );
            Some(shown)
        };
        let wide = wide.and_then(|limit| judge(limit, gross));
        let of_book = of_book.and_then(|limit| judge(limit, self.own().and_then(|o| o.gross)));
        self.out.extend(tighter(wide, of_book));
    }

    /// Initial margin, which grows by steps: the largest size is searched for.
    fn margin_used(&mut self) {
        let case = self.case;
        let paid = case.ctx.state.policy.spot_margin_rate.is_none();
        if paid && case.r.instrument.contract.is_none() {
            return;
        }
        let wide = case.wide_scopes().filter_map(|(s, l)| Some((l.margin_used?, s)));
        let wide = tightest(wide.map(|(cap, s)| (self.base.resolve(s, cap), s)));
        let of_book = case.book_limits().and_then(|l| l.margin_used);
        let of_book = of_book.map(|cap| (self.base.resolve(Scope::Book, cap), Scope::Book));
        let whole = |qty| case.ctx.book().margin_with(&self.asked(qty));
        let own = |qty| case.ctx.book().own(&case.intent.book, &self.asked(qty))?.margin;
        let wide = wide.and_then(|limit| self.margin_beyond(limit, &whole));
        let of_book = of_book.and_then(|limit| self.margin_beyond(limit, &own));
        self.out.extend(tighter(wide, of_book));
    }

    fn margin_beyond(
        &self,
        (limit, scope): (Decimal, Scope),
        with: &dyn Fn(Qty) -> Option<Decimal>,
    ) -> Option<Refusal> {
        let code = Code::MarginUsed;
        let r = self.case.r;
        let Some(would) = with(r.qty) else { return Some(untold(code)) };
        if would <= limit {
            return None;
        }
        let max = largest_fitting(r, |qty| with(qty).is_some_and(|value| value <= limit));
        let (limit, value) = (limit.normalize(), would.round_dp(8).normalize());
        Some(Refusal::limit(code, scope, limit, value, Some(max)))
    }

    fn heat(&mut self) {
        let r = self.case.r;
        let book = self.case.ctx.book();
        let risk = r.protective.stop.map_or(self.price.get(), |s| self.price.distance(s));
        let rate = book.rate(r.instrument.quote).unwrap_or_default();
        let unit = product(&[risk, r.instrument.multiplier, rate]);
        let unit = unit.unwrap_or_else(|| self.per_unit());
        let with = |held: Option<Decimal>| held?.checked_add(product(&[unit, r.qty.get()])?);
        let refusal = self.judged(
            Code::PortfolioHeat,
            |l| l.portfolio_heat,
            &|| with(book.heat()),
            &|o| with(o.heat),
            &|| unit,
        );
        self.out.extend(refusal);
    }

    fn open_orders(&mut self) {
        let wide = self.case.wide_scopes().filter_map(|(s, l)| Some((l.open_orders?, s)));
        let wide = tightest(wide).map(|limit| (limit, self.case.ctx.state.live.len()));
        let of_book = self.case.book_limits().and_then(|l| l.open_orders);
        let of_book = of_book.and_then(|n| Some(((n, Scope::Book), self.own()?.orders)));
        let full = |((limit, scope), live): ((u32, Scope), usize)| {
            let would = live.saturating_add(1);
            (live >= limit as usize)
                .then(|| Refusal::limit(Code::OpenOrders, scope, limit, would, None))
        };
        self.out.extend(wide.and_then(full).or_else(|| of_book.and_then(full)));
    }

    fn refuse(&mut self, code: Code, limit: Option<(Decimal, Scope)>, would: Option<Decimal>) {
        let Some(limit) = limit else { return };
        let refusal = self.beyond(code, limit, would, &|| self.per_unit());
        self.out.extend(refusal);
    }

    /// The refusal when a value lies beyond a limit, with the largest size that doesn't.
    fn beyond(
        &self,
        code: Code,
        (limit, scope): (Decimal, Scope),
        would: Option<Decimal>,
        unit: &dyn Fn() -> Decimal,
    ) -> Option<Refusal> {
        let Some(would) = would else { return Some(untold(code)) };
        if would <= limit {
            return None;
        }
        let (r, unit) = (self.case.r, unit());
        let others = product(&[unit, r.qty.get()]).and_then(|own| would.checked_sub(own));
        let room = others.and_then(|others| limit.checked_sub(others)).unwrap_or_default();
        let max = largest(r, room, unit);
        Some(Refusal::limit(code, scope, limit.normalize(), would.normalize(), Some(max)))
    }

    fn per_unit(&self) -> Decimal {
        self.notional / self.case.r.qty.get().max(Decimal::new(1, 12))
    }

    fn own(&self) -> Option<&Own> {
        let Case { ctx, intent, r, own, .. } = self.case;
        own.get_or_init(|| ctx.book().own(&intent.book, &self.asked(r.qty))).as_ref()
    }

    /// The order under judgement in another size.
    fn asked(&self, qty: Qty) -> Asked<'_> {
        let Case { intent, r, .. } = self.case;
        Asked { instrument: &r.instrument, side: intent.side, qty, price: self.price }
    }
}

/// The refusal that leaves less room.
fn tighter(a: Option<Refusal>, b: Option<Refusal>) -> Option<Refusal> {
    let room = |refusal: &Refusal| refusal.max_allowed_qty.unwrap_or(Qty::ZERO);
    a.into_iter().chain(b).min_by_key(room)
}

/// How many times the equity a value is, to four digits, rounded up so that what is refused never
/// looks like the limit.
fn times(value: Decimal, equity: Decimal) -> String {
    if equity <= Decimal::ZERO {
        return "no equity".to_owned();
    }
    let away = rust_decimal::RoundingStrategy::AwayFromZero;
    let times = value.checked_div(equity).unwrap_or(Decimal::MAX);
    times.round_dp_with_strategy(4, away).normalize().to_string()
}
