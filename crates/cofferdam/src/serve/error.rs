//! Why the desk can't start or go on, in words that say what to do.

use thiserror::Error;

/// A failure to serve.
#[derive(Debug, Error)]
pub(crate) enum ServeError {
    /// Storage.
    #[error("{0}")]
    Store(#[from] store::StoreError),
    /// People and keys.
    #[error("{0}")]
    Identity(#[from] identity::IdentityError),
    /// The lease.
    #[error("{0}")]
    Lease(#[from] store::LeaseError),
    /// The desk.
    #[error("{0}")]
    Desk(#[from] desk::DeskError),
    /// The simulated venue.
    #[error("{0}")]
    Venue(#[from] venue_sim::SimError),
    /// Bars.
    #[error("{0}")]
    Bars(#[from] bars::StoreError),
    /// A built-in file of the demo.
    #[error("the demo's built-in data can't be used: {0}")]
    Demo(String),
    /// A way to listen that is not safe.
    #[error("{0}")]
    Refused(#[from] super::listen::Refused),
    /// The certificate.
    #[error("{0}")]
    Tls(#[from] api::TlsError),
    /// The system.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// The system's answer.
        source: std::io::Error,
    },
    /// A number or name that can't be used.
    #[error("{0}")]
    Invalid(String),
}

impl ServeError {
    pub(super) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}
