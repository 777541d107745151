//! From words to an expression.
//!
//! A recursive descent with a bound on depth. From the weakest to the strongest: `or`, `and`, `not`,
//! comparison (not chained), `+ -`, `* /`, `-`, `^`, then calls, `[…]` and `.field`. This module
//! must not know which names there are.

use crate::{
    ast::{Argument, Expr, ExprKind, Infix, Name, Prefix},
    error::{Code, Diagnostic, Span},
    lex::{Spanned, Token, lex},
};

/// How deep expressions may lie in each other.
pub const DEPTH_MAX: usize = 64;
/// How many parts a formula may have.
pub const PARTS_MAX: usize = 1_000;
/// How many arguments a call may have.
const ARGUMENTS_MAX: usize = 16;

/// The expression that a formula says.
///
/// # Errors
/// The first [`Diagnostic`].
pub fn parse(text: &str) -> Result<Expr, Diagnostic> {
    let words = lex(text)?;
    let mut parser = Parser { words: &words, at: 0, depth: 0, parts: 0 };
    if words.len() == 1 {
        let error = Diagnostic::new(Code::EmptyFormula, words[0].1, "The formula is empty.");
        return Err(error.help("Write for example close > sma(close, 20)."));
    }
    let expr = parser.or()?;
    match parser.peek() {
        (Token::End, _) => Ok(expr),
        (token, span) => Err(parser.leftover(token, *span)),
    }
}

struct Parser<'a> {
    words: &'a [Spanned],
    at: usize,
    depth: usize,
    parts: usize,
}

type Parsed = Result<Expr, Diagnostic>;

impl<'a> Parser<'a> {
    fn peek(&self) -> &'a Spanned {
        &self.words[self.at.min(self.words.len() - 1)]
    }

    fn next(&mut self) -> &'a Spanned {
        let word = self.peek();
        self.at += 1;
        word
    }

    fn sign(&mut self, sign: &str) -> bool {
        let there = matches!(&self.peek().0, Token::Sign(s) if *s == sign);
        self.at += usize::from(there);
        there
    }

    fn word(&mut self, word: &str) -> Option<Span> {
        match self.peek() {
            (Token::Name(name), span) if name.eq_ignore_ascii_case(word) => {
                self.at += 1;
                Some(*span)
            }
            _ => None,
        }
    }

    fn made(&mut self, kind: ExprKind, span: Span) -> Parsed {
        self.parts += 1;
        if self.parts > PARTS_MAX {
            let message = format!("The formula has more than {PARTS_MAX} parts.");
            let error = Diagnostic::new(Code::TooLarge, span, message);
            return Err(error.help("Split it into several rules."));
        }
        Ok(Expr { kind, span })
    }

    /// Goes one level deeper for `inner`.
    fn deeper(&mut self, inner: impl FnOnce(&mut Self) -> Parsed) -> Parsed {
        if self.depth >= DEPTH_MAX {
            let message = format!("Expressions lie more than {DEPTH_MAX} deep in each other.");
            let error = Diagnostic::new(Code::TooLarge, self.peek().1, message);
            return Err(error.help("Split the formula into several rules."));
        }
        self.depth += 1;
        let expr = inner(self);
        self.depth -= 1;
        expr
    }

    fn infix(&mut self, op: Infix, left: Expr, right: Expr) -> Parsed {
        let span = left.span.to(right.span);
        self.made(ExprKind::Infix(op, Box::new(left), Box::new(right)), span)
    }

    fn or(&mut self) -> Parsed {
        let mut left = self.and()?;
        while self.word("or").is_some() {
            let right = self.and()?;
            left = self.infix(Infix::Or, left, right)?;
        }
        Ok(left)
    }

    fn and(&mut self) -> Parsed {
        let mut left = self.not()?;
        while self.word("and").is_some() {
            let right = self.not()?;
            left = self.infix(Infix::And, left, right)?;
        }
        Ok(left)
    }

    fn not(&mut self) -> Parsed {
        let Some(span) = self.word("not") else { return self.comparison() };
        let inner = self.deeper(Self::not)?;
        let span = span.to(inner.span);
        self.made(ExprKind::Prefix(Prefix::Not, Box::new(inner)), span)
    }

    fn comparison(&mut self) -> Parsed {
        let left = self.sum()?;
        let Some(op) = self.comparing() else { return Ok(left) };
        let right = self.sum()?;
        if let Some(second) = self.comparing() {
            let span = self.words[self.at - 1].1;
            let (op, second) = (op.symbol(), second.symbol());
            let message = "Comparisons can't be chained.";
            let error = Diagnostic::new(Code::UnexpectedToken, span, message);
            return Err(error.help(format!("Write a {op} b and b {second} c.")));
        }
        self.infix(op, left, right)
    }

    fn comparing(&mut self) -> Option<Infix> {
        const ALL: [Infix; 6] = [
            Infix::LessEqual,
            Infix::GreaterEqual,
            Infix::Equal,
            Infix::NotEqual,
            Infix::Less,
            Infix::Greater,
        ];
        ALL.into_iter().find(|op| self.sign(op.symbol()))
    }

    fn sum(&mut self) -> Parsed {
        let mut left = self.product()?;
        loop {
            let op = match () {
                () if self.sign("+") => Infix::Add,
                () if self.sign("-") => Infix::Sub,
                () => return Ok(left),
            };
            let right = self.product()?;
            left = self.infix(op, left, right)?;
        }
    }

    fn product(&mut self) -> Parsed {
        let mut left = self.minus()?;
        loop {
            let op = match () {
                () if self.sign("*") => Infix::Mul,
                () if self.sign("/") => Infix::Div,
                () => return Ok(left),
            };
            let right = self.minus()?;
            left = self.infix(op, left, right)?;
        }
    }

    fn minus(&mut self) -> Parsed {
        let span = self.peek().1;
        if self.sign("-") {
            let inner = self.deeper(Self::minus)?;
            let span = span.to(inner.span);
            return self.made(ExprKind::Prefix(Prefix::Minus, Box::new(inner)), span);
        }
        self.power()
    }

    fn power(&mut self) -> Parsed {
        let base = self.postfix()?;
        if self.sign("^") {
            let exponent = self.deeper(Self::minus)?;
            return self.infix(Infix::Pow, base, exponent);
        }
        Ok(base)
    }

    fn postfix(&mut self) -> Parsed {
        let mut expr = self.primary()?;
        loop {
            if self.sign("[") {
                let bars = self.deeper(Self::or)?;
                let end = self.closing("]", expr.span)?;
                let span = expr.span.to(end);
                let (of, bars) = (Box::new(expr), Box::new(bars));
                expr = self.made(ExprKind::History { of, bars }, span)?;
            } else if self.sign(".") {
                let field = self.name("the name of an output, such as `signal`")?;
                let span = expr.span.to(field.span);
                expr = self.made(ExprKind::Field { of: Box::new(expr), field }, span)?;
            } else {
                return Ok(expr);
            }
        }
    }

    fn primary(&mut self) -> Parsed {
        let (token, span) = self.next();
        match token {
            Token::Number(value) => self.made(ExprKind::Number(*value), *span),
            Token::Duration(value) => self.made(ExprKind::Duration(*value), *span),
            Token::Text(text) => self.made(ExprKind::Text(text.clone()), *span),
            Token::Name(name) => self.named(name, *span),
            Token::Sign("(") => {
                let inner = self.deeper(Self::or)?;
                self.closing(")", *span)?;
                Ok(inner)
            }
            other => {
                self.at -= 1;
                Err(expected("a value", other, *span))
            }
        }
    }

    fn named(&mut self, name: &str, span: Span) -> Parsed {
        let truth = ["false", "true"].iter().position(|t| name.eq_ignore_ascii_case(t));
        if let Some(truth) = truth {
            return self.made(ExprKind::Truth(truth == 1), span);
        }
        if ["and", "or", "not"].iter().any(|w| name.eq_ignore_ascii_case(w)) {
            return Err(expected("a value", &Token::Name(name.to_owned()), span));
        }
        if !self.sign("(") {
            return self.made(ExprKind::Name(name.to_owned()), span);
        }
        let arguments = self.arguments(span)?;
        let end = self.words[self.at - 1].1;
        let function = Name { text: name.to_owned(), span };
        self.made(ExprKind::Call { function, arguments }, span.to(end))
    }

    fn arguments(&mut self, function: Span) -> Result<Vec<Argument>, Diagnostic> {
        let mut arguments = Vec::new();
        if self.sign(")") {
            return Ok(arguments);
        }
        loop {
            if arguments.len() >= ARGUMENTS_MAX {
                let message = format!("A call has at most {ARGUMENTS_MAX} arguments.");
                return Err(Diagnostic::new(Code::TooLarge, self.peek().1, message));
            }
            arguments.push(self.argument()?);
            if !self.sign(",") {
                self.closing(")", function)?;
                return Ok(arguments);
            }
        }
    }

    fn argument(&mut self) -> Result<Argument, Diagnostic> {
        let equals = matches!(self.words.get(self.at + 1), Some((Token::Sign("="), _)));
        let name = match self.peek() {
            (Token::Name(text), span) if equals => {
                self.at += 2;
                Some(Name { text: text.clone(), span: *span })
            }
            _ => None,
        };
        let value = self.deeper(Self::or)?;
        Ok(Argument { name, value })
    }

    fn name(&mut self, what: &str) -> Result<Name, Diagnostic> {
        match self.next() {
            (Token::Name(text), span) => Ok(Name { text: text.clone(), span: *span }),
            (token, span) => {
                self.at -= 1;
                Err(expected(what, token, *span))
            }
        }
    }

    fn closing(&mut self, sign: &str, opened: Span) -> Result<Span, Diagnostic> {
        let (token, span) = self.peek();
        if self.sign(sign) {
            return Ok(*span);
        }
        let error = expected(&format!("`{sign}`"), token, *span);
        if matches!(token, Token::End) {
            let message = format!("The bracket has no `{sign}`.");
            let error = Diagnostic::new(Code::UnexpectedToken, opened, message);
            return Err(error.help(format!("Close it with `{sign}`.")));
        }
        Err(error)
    }

    fn leftover(&self, token: &Token, span: Span) -> Diagnostic {
        let error = |message: &str| Diagnostic::new(Code::UnexpectedToken, span, message);
        match token {
            Token::Sign("=") => error("`=` gives an argument its name; it does not compare.")
                .help("Write == to compare."),
            Token::Sign(")" | "]") => {
                error(&format!("{} closes nothing.", token.called())).help("Delete it.")
            }
            Token::Sign(",") => error("`,` stands between arguments of a function only.")
                .help("Join conditions with `and` or `or`."),
            _ => error(&format!("{} was not expected here.", capital(&token.called())))
                .help("Put an operator before it, such as `and`, `or`, + or >."),
        }
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_ascii_uppercase().to_string() + chars.as_str())
}

fn expected(what: &str, token: &Token, span: Span) -> Diagnostic {
    let message = format!("Expected {what} and found {}.", token.called());
    let error = Diagnostic::new(Code::UnexpectedToken, span, message);
    match token {
        Token::End => error.help("The formula ends too early."),
        Token::Sign("=") => error.help("Write == to compare."),
        _ => error,
    }
}
