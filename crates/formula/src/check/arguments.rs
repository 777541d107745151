//! Calls: which argument is meant for which parameter, and whether it may be.

use super::{Checked, Checker, Result, full, shown, truth, wrong_type};
use crate::{
    ast::{Argument, Expr, ExprKind, Name},
    catalog::{self, Args, BuildError, Function, Kind, Param, Preset},
    error::{Code, Diagnostic, Span},
    graph::{Frame, Source},
    prim::{Column, Prim},
    suggest::nearest,
    value::{Type, Value},
};

/// An argument that was given, checked, with its place.
type Given = (Value, Span);

impl Checker<'_> {
    pub(super) fn call(
        &mut self,
        function: &Name,
        arguments: &[Argument],
        span: Span,
    ) -> Result<Checked> {
        match function.text.as_str() {
            "tf" => return self.other_timeframe(arguments, span),
            "symbol" => return self.other_symbol(arguments, span),
            _ => {}
        }
        let Some(found) = catalog::function(&function.text) else {
            return Err(self.no_function(function));
        };
        let mut slots = self.bind(found, arguments, span)?;
        let mut values = Vec::with_capacity(slots.len());
        let places: Vec<Span> =
            slots.iter().map(|slot| slot.map_or(span, |(_, place)| place)).collect();
        for (at, slot) in slots.iter_mut().enumerate() {
            let param = &found.params[at.min(found.params.len().saturating_sub(1))];
            values.push(self.argument(found, param, slot.take(), span)?);
        }
        let ty = result_type(found, &values, &places)?;
        self.build(found, values, ty, &places, span)
    }

    fn no_function(&self, function: &Name) -> Diagnostic {
        let known = crate::names::named(&function.text).is_some()
            || self.env.params.contains_key(&function.text)
            || self.env.formulas.contains_key(&function.text);
        if known {
            let message = format!("`{}` is a value, not a function.", function.text);
            return Diagnostic::new(Code::NotAFunction, function.span, message)
                .help("Delete the brackets behind it; history is written close[1].");
        }
        self.unknown(&function.text, function.span)
    }

    /// Which argument belongs to which parameter.
    fn bind(
        &mut self,
        function: &'static Function,
        arguments: &[Argument],
        span: Span,
    ) -> Result<Vec<Option<Given>>> {
        let params = function.params;
        let mut slots: Vec<Option<Given>> = vec![None; params.len()];
        let positional: Vec<&Expr> =
            arguments.iter().filter(|a| a.name.is_none()).map(|a| &a.value).collect();
        let mut given = Vec::with_capacity(positional.len());
        for expr in &positional {
            given.push((self.value(expr)?, expr.span));
        }
        let source_left_out = params.first().is_some_and(|p| p.preset == Preset::Close)
            && given.len() < params.len()
            && given.first().is_some_and(|(value, _)| value.constant().is_some());
        let from = usize::from(source_left_out);
        for (n, one) in given.into_iter().enumerate() {
            match slots.get_mut(from + n) {
                Some(slot) => *slot = Some(one),
                None if function.variadic => slots.push(Some(one)),
                None => return Err(too_many(function, params.len(), span)),
            }
        }
        let mut last_named: Option<Span> = None;
        for argument in arguments {
            let Some(name) = &argument.name else {
                if let Some(at) = last_named {
                    let message = "An argument without a name follows one with a name.";
                    return Err(Diagnostic::new(Code::WrongArguments, at, message)
                        .help("Put named arguments last."));
                }
                continue;
            };
            last_named = Some(name.span);
            let slot = slot_of(function, name, &mut slots)?;
            let given = (self.value(&argument.value)?, argument.value.span);
            if slot.replace(given).is_some() {
                let message = format!("`{}` is given twice.", name.text);
                return Err(Diagnostic::new(Code::WrongArguments, name.span, message)
                    .help("Give it once, by place or by name."));
            }
        }
        Ok(slots)
    }

    fn argument(
        &mut self,
        function: &'static Function,
        param: &Param,
        given: Option<Given>,
        call: Span,
    ) -> Result<Value> {
        let Some((value, span)) = given else {
            return match param.preset {
                Preset::Close => self.scope().column(Column::Close).map_err(full(call)),
                Preset::Is(value) => Ok(Value::number(value)),
                Preset::None => Err(missing(function, param, call)),
            };
        };
        match param.kind {
            Kind::Any => {}
            Kind::Condition => truth(value, span)?,
            Kind::Number if value.ty != Type::Number => {
                return Err(wrong_type("a number", value.ty, span));
            }
            Kind::Number => {}
            #[allow(clippy::cast_precision_loss, reason = "small bounds")]
            Kind::Length { min, max } => {
                let bounds = Bounds { min: min as f64, max: max as f64, whole: true };
                bounds.check(function, param, value, span)?;
            }
            Kind::Constant { min, max } => {
                Bounds { min, max, whole: false }.check(function, param, value, span)?;
            }
        }
        Ok(value)
    }

    fn build(
        &mut self,
        function: &'static Function,
        values: Vec<Value>,
        ty: Type,
        places: &[Span],
        span: Span,
    ) -> Result<Checked> {
        let known = self.graph.nodes().len();
        let built = (function.build)(&mut self.scope(), &Args(values));
        let mut outputs = match built {
            Ok(outputs) => outputs,
            Err(BuildError::Full(error)) => return Err(full(span)(error)),
            Err(BuildError::Argument { index, rule }) => {
                let place = places.get(index).copied().unwrap_or(span);
                let message = format!("In {}: {rule}.", function.name);
                return Err(Diagnostic::new(Code::OutOfRange, place, message));
            }
        };
        let windows = self.graph.nodes()[known..].iter().any(|n| n.late && !n.prim.is_stateless());
        if windows {
            self.graph.truncate(known);
            return Err(super::no_position_history(span));
        }
        for output in &mut outputs {
            output.ty = ty;
            self.look_back(*output, span)?;
        }
        Ok(Checked { values: outputs, of: Some(function) })
    }

    fn other_timeframe(&mut self, arguments: &[Argument], span: Span) -> Result<Checked> {
        let help = "Write for example tf(\"1d\", sma(close, 20)).";
        let (first, expr) = two(arguments, "tf", help, span)?;
        let timeframe = match &first.kind {
            ExprKind::Duration(timeframe) => *timeframe,
            ExprKind::Text(text) => text.parse().map_err(|_| {
                let message = format!("tf has no timeframe `{text}`.");
                Diagnostic::new(Code::UnknownSeries, first.span, message)
                    .help("Write for example \"15m\", \"1h\", \"4h\", \"1d\" or \"1w\".")
            })?,
            _ => {
                let message = "The first argument of tf is a timeframe.";
                return Err(Diagnostic::new(Code::WrongType, first.span, message).help(help));
            }
        };
        let mut frame = self.graph.frames()[self.frame.0 as usize].clone();
        let own = self.graph.timeframe(self.frame);
        if own.is_some_and(|own| timeframe.span() < own.span()) {
            let own = own.map_or_else(String::new, |own| own.to_string());
            let message = format!("{timeframe} is shorter than {own}, the bars that are read.");
            return Err(Diagnostic::new(Code::UnknownSeries, first.span, message)
                .help("Read a longer timeframe, or let the strategy run on the shorter one."));
        }
        if own == Some(timeframe) {
            return self.expr(expr);
        }
        frame.timeframe = Some(timeframe);
        self.elsewhere(&frame, expr, span)
    }

    fn other_symbol(&mut self, arguments: &[Argument], span: Span) -> Result<Checked> {
        let help = "Write for example symbol(\"SPY\", close).";
        let (first, expr) = two(arguments, "symbol", help, span)?;
        let ExprKind::Text(symbol) = &first.kind else {
            let message = "The first argument of symbol is a symbol in quotes.";
            return Err(Diagnostic::new(Code::WrongType, first.span, message).help(help));
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=^".contains(c);
        if symbol.is_empty() || symbol.len() > 64 || !symbol.chars().all(plain) {
            let message = "A symbol has 1 to 64 letters, digits or signs of -_./:=^.";
            return Err(Diagnostic::new(Code::UnknownSeries, first.span, message).help(help));
        }
        if let Some(known) = &self.env.symbols
            && !known.contains(symbol)
        {
            let message = format!("There are no bars of `{symbol}` here.");
            let error = Diagnostic::new(Code::UnknownSeries, first.span, message);
            return Err(match nearest(symbol, known.iter().map(String::as_str)) {
                Some(near) => error.help(format!("Did you mean `{near}`?")),
                None => error.help("Add the symbol's bars, or use another symbol."),
            });
        }
        let timeframe = self.graph.frames()[self.frame.0 as usize].timeframe;
        self.elsewhere(&Frame { symbol: Some(symbol.clone()), timeframe }, expr, span)
    }

    /// An expression over another series, as it was known when each bar of this one closed.
    fn elsewhere(&mut self, frame: &Frame, expr: &Expr, span: Span) -> Result<Checked> {
        let base = Frame { symbol: frame.symbol.clone(), timeframe: None };
        self.graph.frame(&base).map_err(full(span))?;
        let other = self.graph.frame(frame).map_err(full(span))?;
        let outer = std::mem::replace(&mut self.frame, other);
        let inner = self.expr(expr);
        self.frame = outer;
        let inner = inner?;
        let mut values = Vec::with_capacity(inner.values.len());
        for value in &inner.values {
            let Source::Node(node) = value.source else {
                values.push(*value);
                continue;
            };
            let prim = Prim::Align { frame: other, node };
            let aligned = self.scope().op(prim, &[], value.ty).map_err(full(span))?;
            self.look_back(aligned, span)?;
            values.push(aligned);
        }
        Ok(Checked { values, of: inner.of })
    }
}

fn two<'e>(
    arguments: &'e [Argument],
    name: &str,
    help: &str,
    span: Span,
) -> Result<(&'e Expr, &'e Expr)> {
    match arguments {
        [Argument { name: None, value: a }, Argument { name: None, value: b }] => Ok((a, b)),
        _ => {
            let message = format!("`{name}` takes two arguments.");
            Err(Diagnostic::new(Code::WrongArguments, span, message).help(help))
        }
    }
}

/// What the function gives; its arguments of any type must have one type.
fn result_type(function: &Function, values: &[Value], places: &[Span]) -> Result<Type> {
    let mut any = None;
    for (at, value) in values.iter().enumerate() {
        let param = function.params.get(at).or(function.params.last());
        if param.is_none_or(|p| p.kind != Kind::Any) {
            continue;
        }
        match any {
            None => any = Some(value.ty),
            Some(ty) if ty == value.ty => {}
            Some(ty) => {
                let place = places.get(at).copied().unwrap_or_default();
                let message =
                    format!("Expected {ty} like the argument before, found {}.", value.ty);
                return Err(Diagnostic::new(Code::WrongType, place, message)
                    .help("Give both the same type."));
            }
        }
    }
    Ok(function.returns.or(any).unwrap_or(Type::Number))
}

fn slot_of<'s>(
    function: &Function,
    name: &Name,
    slots: &'s mut [Option<Given>],
) -> Result<&'s mut Option<Given>> {
    let at = function.params.iter().position(|p| p.name == name.text);
    if let Some(slot) = at.and_then(|at| slots.get_mut(at)) {
        return Ok(slot);
    }
    let message = format!("`{}` has no argument `{}`.", function.name, name.text);
    let error = Diagnostic::new(Code::WrongArguments, name.span, message);
    let names: Vec<&str> = function.params.iter().map(|p| p.name).collect();
    Err(error.help(format!("It takes: {}.", names.join(", "))))
}

fn too_many(function: &Function, most: usize, span: Span) -> Diagnostic {
    let plural = if most == 1 { "" } else { "s" };
    let message = format!("`{}` takes at most {most} argument{plural}.", function.name);
    let error = Diagnostic::new(Code::WrongArguments, span, message);
    error.help(format!("Write for example {}.", function.example))
}

fn missing(function: &Function, param: &Param, span: Span) -> Diagnostic {
    let message = format!("`{}` needs its argument `{}`.", function.name, param.name);
    let error = Diagnostic::new(Code::WrongArguments, span, message);
    error.help(format!("Write for example {}.", function.example))
}

/// The range of a constant argument.
struct Bounds {
    min: f64,
    max: f64,
    whole: bool,
}

impl Bounds {
    fn check(&self, function: &Function, param: &Param, value: Value, span: Span) -> Result<()> {
        let (name, of) = (param.name, function.name);
        if value.ty != Type::Number {
            let error = wrong_type("a number", value.ty, span);
            return Err(match value.ty {
                Type::Duration => error.help("Lengths are counted in bars."),
                _ => error,
            });
        }
        let Some(number) = value.constant() else {
            let message = format!("`{name}` of {of} must be the same on every bar.");
            return Err(Diagnostic::new(Code::NotConstant, span, message)
                .help("Write a number or a parameter."));
        };
        let (min, max) = (self.min, self.max);
        let whole = if self.whole { "a whole number" } else { "a number" };
        if (min..=max).contains(&number) && (!self.whole || number.fract() == 0.0) {
            return Ok(());
        }
        let message = format!(
            "`{name}` of {of} is {}: {whole} from {min} to {max} is needed.",
            shown(number)
        );
        let code =
            if self.whole && number > max { Code::LookBackTooLong } else { Code::OutOfRange };
        let help = match code {
            Code::LookBackTooLong => {
                "Look back less far, or use a longer timeframe with tf(\"1d\", …)."
            }
            _ => "Write a number in this range.",
        };
        Err(Diagnostic::new(code, span, message).help(help))
    }
}
