//! The description of the API, for generators and readers.
//!
//! It comes from the routes themselves; this module only prints it.

use super::{Outcome, failure::Failure, output::Out};

/// Prints the description.
pub(crate) fn run(out: &mut Out) -> Result<Outcome, Failure> {
    out.raw(&api::openapi().to_pretty_json()?);
    Ok(Outcome::Done)
}
