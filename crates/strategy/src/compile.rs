//! A strategy's rules as one plan that shares what they have in common.
//!
//! This module must not know bars or books.

use std::{collections::BTreeMap, sync::Arc};

use formula::{Compiler, Diagnostic, Env, Plan, RootId};

use crate::strategy::{Part, Strategy};

/// A strategy with its constants chosen, ready to be run.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// The plan of all rules.
    pub plan: Arc<Plan>,
    /// Which formula of the plan each rule is.
    pub roots: BTreeMap<Part, RootId>,
}

/// Compiles a strategy with these constants.
///
/// # Errors
/// The first rule that is wrong with them, and why.
pub fn compile(
    strategy: &Strategy,
    params: &BTreeMap<String, f64>,
) -> Result<Compiled, (Part, Diagnostic)> {
    let formulas = strategy.formulas.iter().map(|(n, r)| (n.clone(), r.expr.clone())).collect();
    let mut compiler = Compiler::new(Env {
        params: params.clone(),
        formulas,
        timeframe: Some(strategy.timeframe),
        position: true,
        symbols: None,
    });
    let mut roots = BTreeMap::new();
    for (part, rule) in &strategy.rules {
        let root = if part.is_condition() {
            compiler.add_condition_expr(&rule.expr)
        } else {
            compiler.add_number_expr(&rule.expr)
        };
        roots.insert(*part, root.map_err(|error| (*part, error))?);
    }
    Ok(Compiled { plan: Arc::new(compiler.finish()), roots })
}

impl Compiled {
    /// Bars before every rule can have a value, when all data is sound.
    #[must_use]
    pub fn warm_up(&self) -> usize {
        self.roots.values().map(|root| self.plan.warm_up(*root)).max().unwrap_or(0)
    }

    /// The rule's formula, where the strategy has it.
    #[must_use]
    pub fn root(&self, part: Part) -> Option<RootId> {
        self.roots.get(&part).copied()
    }
}
