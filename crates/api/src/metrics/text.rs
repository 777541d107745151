//! Prometheus' text form.
//!
//! It must not know what is measured.

use std::fmt::Write;

/// Figures as text.
#[derive(Debug, Default)]
pub(crate) struct Text(String);

/// One figure: labels and value.
pub(crate) type Sample<'a> = (&'a [(&'a str, &'a str)], String);

impl Text {
    /// Says what the next samples are.
    pub(crate) fn head(&mut self, name: &str, help: &str, kind: &str) {
        self.0.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
    }

    /// Writes one sample.
    pub(crate) fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: &str) {
        self.0.push_str(name);
        for (i, (label, text)) in labels.iter().enumerate() {
            let open = if i == 0 { '{' } else { ',' };
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            // Writing to a string can't fail.
            let _ = write!(self.0, "{open}{label}=\"{text}\"");
        }
        if !labels.is_empty() {
            self.0.push('}');
        }
        self.0.push_str(&format!(" {value}\n"));
    }

    /// Writes a gauge.
    pub(crate) fn gauge(&mut self, name: &str, help: &str, samples: &[Sample<'_>]) {
        self.head(name, help, "gauge");
        for (labels, value) in samples {
            self.sample(name, labels, value);
        }
    }

    /// The text.
    pub(crate) fn finish(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped() {
        let mut text = Text::default();
        text.gauge("a", "Help.", &[(&[("l", "x\"\\\n")], "1".to_owned()), (&[], "2".to_owned())]);
        let expected = "# HELP a Help.\n# TYPE a gauge\na{l=\"x\\\"\\\\\\n\"} 1\na 2\n";
        assert_eq!(text.finish(), expected);
    }
}
