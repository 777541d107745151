//! The HTTP door: REST, WebSocket, OpenAPI, metrics.
//!
//! The one crate that knows HTTP. It turns requests into wishes and questions for the desk, and
//! the desk's answers into JSON. It must not know databases, files or venues: those come in
//! through [`ports`]; and it decides nothing about trading: that is the gate's.

#[cfg(test)]
extern crate self as api;
#[cfg(test)]
#[path = "../tests/common/mod.rs"]
mod testing;

mod body;
mod cookies;
mod describe;
mod extract;
mod forwarded;
mod guard;
mod key;
mod metrics;
mod pages;
pub mod ports;
mod problem;
mod router;
mod routes;
mod serve;
mod state;
mod tls;
mod views;
mod ws;

pub use forwarded::{ProxyError, TrustedProxy};
pub use guard::rate::Rate;
pub use key::KeyHash;
pub use pages::pages;
pub use ports::{
    AccountFactory, AuditBreak, AuditReport, AuditSource, BarPage, BarSeries, BarSource,
    ContractDesk, GridAxis, ListedContract, NewContract, NewPaperAccount, NewRun, ProgressUnit,
    Provenance, ResearchDesk, RunCosts, RunError, RunKind, RunProgress, RunState, RunStrategy,
    RunView, Search, Sets, StoredStrategy, StrategyLibrary, StrategyText, StreamAudit, Task,
    WalkPlan,
};
pub use problem::{ApiError, FaultView, FieldError, Problem, RefusalView};
pub use router::{openapi, router, router_with_pages};
pub use serve::{Connections, Door, Patience, serve, serve_doors};
pub use state::{ApiConfig, ApiParts, ApiState};
pub use tls::{Certificate, TlsError, TlsFiles};
