//! The page's style: the colours and sizes of the dashboard.
//!
//! Every text colour has a contrast of at least 4.5 to 1 on every surface that it is used on.

/// The style sheet.
pub(super) const SHEET: &str = include_str!("style.css");
