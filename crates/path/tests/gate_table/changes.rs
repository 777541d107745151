//! What can stop a change of a working order, a plan or a group: shape, never risk alone.

use domain::{Protective, Target, Targets, TimeStop, Trail, TrailBy};
use path::{
    broker::Capabilities,
    codes::RefusalCode as Code,
    core::Changes,
    policy::{Leverage, Policy},
    verbs::RiskClass,
};

use super::{Act, Case, base_at, common::*, entry, submit, working_entry};

fn on(class: RiskClass, code: Code, set: fn(&mut Desk) -> Act) -> Case {
    Case { code, class, set, numbers: None, fits: None }
}

/// The same desk at a venue that can put one order in another one's place.
fn replacing(desk: &mut Desk) {
    *desk = base_at(Capabilities { replace: true, ..capabilities() });
}

fn to(limit: &str) -> Changes {
    Changes { limit: Some(px(limit)), ..Changes::default() }
}

/// An exit that rests: 10 more shares without a stop, for sale at 110.
fn resting_exit(desk: &mut Desk) -> domain::ClientOrderId {
    desk.instrument(stock("sim:XYZ"));
    desk.price("sim:XYZ", "100", "100");
    desk.order(buy("10").of("sim:XYZ"));
    desk.order(sell("10").of("sim:XYZ").limit("110"))
}

fn at(levels: impl FnOnce(&mut Protective)) -> Protective {
    let mut plan = Protective::default();
    levels(&mut plan);
    plan
}

fn shares(list: &[(&str, &str)]) -> Targets {
    let list: Vec<_> =
        list.iter().map(|(at, share)| Target { price: px(at), share: pct(share) }).collect();
    Targets::new(&list).unwrap()
}

fn replaced() -> Vec<Case> {
    vec![
        entry(Code::ReplaceUnsupported, |desk| Act::Change(working_entry(desk), to("91"))).fits(
            |desk| {
                replacing(desk);
                Act::Change(working_entry(desk), to("91"))
            },
        ),
        on(RiskClass::Exit, Code::ReplaceUnsupported, |desk| {
            let exit = resting_exit(desk);
            Act::Change(exit, to("111"))
        }),
        entry(Code::ReplacePending, |desk| {
            replacing(desk);
            desk.venue.on_cancel.push_back(OnCancel::LoseRequest);
            let entry = working_entry(desk);
            desk.cancel(&entry);
            Act::Change(entry, to("91"))
        })
        .fits(|desk| {
            replacing(desk);
            Act::Change(working_entry(desk), to("91"))
        }),
        on(RiskClass::Exit, Code::ReplacePending, |desk| {
            replacing(desk);
            let exit = resting_exit(desk);
            desk.venue.on_cancel.push_back(OnCancel::LoseRequest);
            desk.cancel(&exit);
            Act::Change(exit, to("111"))
        }),
        entry(Code::ReplaceNeedsApproval, |desk| {
            replacing(desk);
            desk.policy(|p: &mut Policy| p.approval_for = [anna().kind].into());
            desk.limit(|l| l.approval_above = cap("460"));
            Act::Change(working_entry(desk), to("93"))
        })
        .fits(|desk| {
            replacing(desk);
            desk.policy(|p: &mut Policy| p.approval_for = [anna().kind].into());
            desk.limit(|l| l.approval_above = cap("460"));
            Act::Change(working_entry(desk), to("92"))
        }),
    ]
}

/// A second change of terms, while the first is open as `answer` says.
fn second_change(desk: &mut Desk, answer: OnTerms) -> Act {
    *desk = base_at(with_terms());
    let other = |times: &str| {
        let leverage = Leverage::try_from(d(times)).unwrap();
        Policy { leverage, ..plain_policy() }
    };
    desk.venue.on_terms.push_back(answer);
    desk.set_policy(other("5"), anna());
    Act::Policy(other("3"))
}

fn terms() -> Vec<Case> {
    vec![
        entry(Code::TermsPending, |desk| second_change(desk, OnTerms::LoseRequest))
            .fits(|desk| second_change(desk, OnTerms::Accept)),
    ]
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = replaced();
    cases.extend([
        entry(Code::PlanInvalid, |_| {
            let targets = shares(&[("110", "60"), ("120", "50")]);
            submit(buy("1").with(|i| i.protective.targets = targets))
        })
        .fits(|_| {
            let targets = shares(&[("110", "60"), ("120", "40")]);
            submit(buy("1").with(|i| i.protective.targets = targets))
        }),
        entry(Code::PlanInvalid, |_| {
            let trail = Trail { by: TrailBy::Percent(pct("100")), activation: None };
            submit(buy("1").with(|i| i.protective.trail = Some(trail)))
        }),
        entry(Code::PlanInvalid, |_| {
            let trail = Trail { by: TrailBy::Amount(px("0.009")), activation: None };
            submit(buy("1").with(|i| i.protective.trail = Some(trail)))
        }),
        on(RiskClass::Protective, Code::PlanInvalid, |desk| {
            let past = TimeStop::At(desk.now.at);
            Act::Levels(at(|p| p.time_stop = Some(past)))
        }),
        on(RiskClass::Protective, Code::StopWrongSide, |_| {
            Act::Levels(at(|p| p.stop = Some(px("100"))))
        }),
        entry(Code::GroupFilled, |desk| {
            let pair = || Some("pair".parse().unwrap());
            let first = desk.order(buy("1").limit("98").with(|i| i.conditions.group = pair()));
            desk.order(buy("1").limit("97").with(|i| i.conditions.group = pair()));
            desk.venue.on_cancel.push_back(OnCancel::LoseRequest);
            desk.fill(&first, "1", "98");
            submit(buy("1").limit("96").with(|i| i.conditions.group = pair()))
        })
        .fits(|desk| {
            let pair = || Some("pair".parse().unwrap());
            desk.order(buy("1").limit("98").with(|i| i.conditions.group = pair()));
            submit(buy("1").limit("96").with(|i| i.conditions.group = pair()))
        }),
    ]);
    cases.extend(terms());
    cases
}
