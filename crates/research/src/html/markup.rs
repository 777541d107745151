//! HTML that can't be broken by what is written into it.
//!
//! Names of elements and attributes are fixed in the program; everything else goes through one
//! escape. Elements are closed where they are opened. This module must not know what is told.

use std::fmt::{Display, Write};

/// Attributes of an element.
pub(super) type Attributes<'a> = &'a [(&'static str, &'a dyn Display)];

/// HTML under way.
#[derive(Debug, Default)]
pub(super) struct Markup {
    text: String,
}

/// Writes text so that it is text in HTML, within elements and within quoted attributes.
struct Escaped<'a>(&'a mut String);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for character in text.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                '\n' | '\t' => self.0.push(' '),
                c if c.is_control() || turns(c) => self.0.push('\u{fffd}'),
                c => self.0.push(c),
            }
        }
        Ok(())
    }
}

/// Characters that turn the direction of what stands around them.
const fn turns(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl Markup {
    /// A document: the doctype and what `inside` writes.
    pub(super) fn document(inside: impl FnOnce(&mut Self)) -> String {
        let mut markup = Self { text: "<!doctype html>\n".to_owned() };
        markup.nest("html", &[("lang", &"en")], inside);
        markup.text.push('\n');
        markup.text
    }

    /// A style sheet of the program itself.
    pub(super) fn style(&mut self, sheet: &'static str) {
        self.open("style", &[]);
        self.text.push_str(sheet);
        self.close("style");
    }

    /// Text.
    pub(super) fn text(&mut self, text: impl Display) {
        let _ = write!(Escaped(&mut self.text), "{text}");
    }

    /// An element without content.
    pub(super) fn void(&mut self, name: &'static str, attributes: Attributes<'_>) {
        self.open(name, attributes);
        self.text.truncate(self.text.len() - 1);
        self.text.push_str("/>");
    }

    /// An element with other elements.
    pub(super) fn nest(
        &mut self,
        name: &'static str,
        attributes: Attributes<'_>,
        inside: impl FnOnce(&mut Self),
    ) {
        self.open(name, attributes);
        inside(self);
        self.close(name);
    }

    /// An element with text.
    pub(super) fn leaf(
        &mut self,
        name: &'static str,
        attributes: Attributes<'_>,
        text: impl Display,
    ) {
        self.nest(name, attributes, |m| m.text(text));
    }

    fn open(&mut self, name: &'static str, attributes: Attributes<'_>) {
        self.text.push('<');
        self.text.push_str(name);
        for (attribute, value) in attributes {
            let _ = write!(self.text, " {attribute}=\"");
            self.text(value);
            self.text.push('"');
        }
        self.text.push('>');
    }

    fn close(&mut self, name: &'static str) {
        let _ = write!(self.text, "</{name}>");
        if matches!(name, "section" | "tr" | "svg" | "p" | "style" | "dl") {
            self.text.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_stays_text() {
        let mut markup = Markup::default();
        markup.leaf("p", &[("title", &"\" onload='x'")], "</p><script>&\u{202e}\u{0}");
        assert_eq!(
            markup.text,
            "<p title=\"&quot; onload=&#39;x&#39;\">&lt;/p&gt;&lt;script&gt;&amp;\u{fffd}\u{fffd}</p>\n"
        );
    }
}
