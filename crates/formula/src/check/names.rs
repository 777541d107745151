//! Names by themselves: columns, parameters, named formulas; and what was meant by unknown ones.

use super::{Checked, Checker, NAMED_DEPTH_MAX, Result, full};
use crate::{
    catalog,
    error::{Code, Diagnostic, Span},
    graph::FrameId,
    names,
    suggest::nearest,
    value::Value,
};

impl Checker<'_> {
    /// The value of a name by itself.
    pub(super) fn name(&mut self, name: &str, span: Span) -> Result<Checked> {
        if let Some(value) = self.env.params.get(name) {
            return Ok(Checked::one(Value::number(*value)));
        }
        if let Some(named) = names::named(name) {
            if named.is_position() {
                self.position_allowed(name, span)?;
            }
            return named.add(&mut self.scope()).map(Checked::one).map_err(full(span));
        }
        if self.env.formulas.contains_key(name) {
            return self.formula(name, span);
        }
        if let Some(function) = catalog::function(name) {
            let message = format!("`{name}` is a function and needs its arguments.");
            let error = Diagnostic::new(Code::NotAFunction, span, message);
            return Err(error.help(format!("Write for example {}.", function.example)));
        }
        if matches!(name, "tf" | "symbol") {
            let message = format!("`{name}` is a function and needs its arguments.");
            let error = Diagnostic::new(Code::NotAFunction, span, message);
            return Err(error.help("Write tf(\"1d\", close) or symbol(\"SPY\", close)."));
        }
        Err(self.unknown(name, span))
    }

    fn position_allowed(&self, name: &str, span: Span) -> Result<()> {
        if !self.env.position {
            let message = format!("`{name}` is about a position, and there is none here.");
            return Err(Diagnostic::new(Code::NoPosition, span, message)
                .help("It can be used in the rules of a strategy."));
        }
        if self.frame != FrameId::BASE {
            let message = format!("`{name}` belongs to the strategy's own bars.");
            return Err(Diagnostic::new(Code::PositionHasNoHistory, span, message)
                .help("Take it out of tf(…) or symbol(…)."));
        }
        Ok(())
    }

    fn formula(&mut self, name: &str, span: Span) -> Result<Checked> {
        if self.named.iter().any(|one| one == name) {
            let path = [&self.named[..], &[name.to_owned()]].concat().join(" → ");
            let message = format!("`{name}` rests on itself: {path}.");
            return Err(Diagnostic::new(Code::UnknownName, span, message)
                .help("Let formulas rest on bars and on other formulas only."));
        }
        if self.named.len() >= NAMED_DEPTH_MAX {
            let message = format!("Formulas rest on each other more than {NAMED_DEPTH_MAX} deep.");
            return Err(Diagnostic::new(Code::TooLarge, span, message));
        }
        let env = self.env;
        let Some(expr) = env.formulas.get(name) else { return Err(self.unknown(name, span)) };
        self.named.push(name.to_owned());
        let checked = self.expr(expr);
        self.named.pop();
        checked.map_err(|inner| Diagnostic {
            message: format!("In the formula `{name}`: {}", inner.message),
            span,
            ..inner
        })
    }

    /// Every word that could stand here.
    fn words(&self) -> impl Iterator<Item = &str> {
        let named = names::NAMES.iter().map(|one| one.name);
        let functions = catalog::functions().map(|one| one.name);
        let own = self.env.params.keys().chain(self.env.formulas.keys()).map(String::as_str);
        own.chain(named).chain(functions).chain(["tf", "symbol", "and", "or", "not"])
    }

    /// The fault of an unknown word, with the word that was meant where one is near.
    pub(super) fn unknown(&self, name: &str, span: Span) -> Diagnostic {
        let shown: String = name.chars().take(40).collect();
        let error =
            Diagnostic::new(Code::UnknownName, span, format!("Nothing is called `{shown}`."));
        match nearest(name, self.words()) {
            Some(near) => error.help(format!("Did you mean `{near}`?")),
            None => error.help("`cofferdam formula functions` lists every name."),
        }
    }
}
