//! Where a request comes from: the other end of the connection, or, when that is a declared proxy,
//! whom the proxy names.
//!
//! Only here is a forwarded header read. What comes through a proxy never counts as this machine,
//! so a key that is bound to loopback is of no use through one. It must not know keys or routes.

use std::{net::IpAddr, str::FromStr};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode, Uri, Version},
    middleware::Next,
    response::{IntoResponse, Response},
};
use ipnet::IpNet;

use crate::{
    guard::{
        headers,
        host::{host_of, is_this_machine},
    },
    problem::ApiError,
    serve::Peer,
    state::ApiState,
};

const FOR: &str = "x-forwarded-for";
const PROTO: &str = "x-forwarded-proto";
/// Headers that only a proxy adds: a request with one of them is not of a program beside the desk.
const OF_PROXIES: [&str; 6] = [FOR, PROTO, "x-forwarded-host", "forwarded", "via", "x-real-ip"];

/// The address of a proxy in front of the desk, or a network of such.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrustedProxy(IpNet);

/// Why an address can't be a trusted proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// It is none.
    #[error("it is no IP address or network; write 192.0.2.7 or 192.0.2.0/28")]
    NoAddress,
    /// All addresses there are.
    #[error("it trusts every address there is; name the proxy's own")]
    Everybody,
}

impl FromStr for TrustedProxy {
    type Err = ProxyError;

    fn from_str(text: &str) -> Result<Self, ProxyError> {
        let one = text.parse::<IpAddr>().map(|one| IpNet::from(one.to_canonical()));
        let net = one.or_else(|_| text.parse()).map_err(|_| ProxyError::NoAddress)?;
        if net.prefix_len() == 0 { Err(ProxyError::Everybody) } else { Ok(Self(net.trunc())) }
    }
}

impl TrustedProxy {
    /// True for the proxy's address.
    #[must_use]
    pub fn is(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

/// The connection that a request came on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Link {
    /// The other end.
    pub(crate) peer: IpAddr,
    /// True when it is encrypted to this desk.
    pub(crate) tls: bool,
}

/// What carried a request here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carrier {
    /// A connection of this machine, in the clear.
    Plain,
    /// TLS that ends at this desk.
    Tls,
    /// TLS that ends at a trusted proxy.
    Proxy,
}

impl Carrier {
    /// True when a browser sees `https`.
    pub(crate) fn is_secure(self) -> bool {
        !matches!(self, Self::Plain)
    }
}

/// Tells what comes next who asks and how: the caller's [`Peer`], unless it can't be known, and the
/// [`Carrier`].
pub(crate) async fn check(
    State(state): State<ApiState>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(link) = request.extensions_mut().remove::<Link>() else {
        return next.run(request).await;
    };
    let trusted = &state.config().trusted_proxies;
    let found = judge(link, request.headers(), request.uri(), request.version(), trusted);
    let (address, carrier) = match found {
        Ok(found) => found,
        Err(error) => {
            state.counters().answered(StatusCode::BAD_REQUEST.as_u16());
            return error.into_response();
        }
    };
    request.extensions_mut().insert(carrier);
    if let Some(address) = address {
        request.extensions_mut().insert(Peer(address));
    }
    let host = host_of(request.headers(), request.uri());
    let mut response = next.run(request).await;
    // A browser that remembers `localhost` would lose every other program on this machine.
    if carrier.is_secure() && !host.is_some_and(|host| is_this_machine(&host)) {
        headers::only_https(&mut response);
    }
    response
}

/// The caller's address, when it is known, and how the request came.
fn judge(
    link: Link,
    headers: &HeaderMap,
    uri: &Uri,
    version: Version,
    trusted: &[TrustedProxy],
) -> Result<(Option<IpAddr>, Carrier), ApiError> {
    let is_trusted = |address| trusted.iter().any(|proxy| proxy.is(address));
    let direct = (Some(link.peer), if link.tls { Carrier::Tls } else { Carrier::Plain });
    if !is_trusted(link.peer) {
        return Ok(direct);
    }
    // Programs beside the desk come from the same address as a proxy beside it. They name this
    // machine, speak HTTP/1.1, which many proxies don't by themselves, and add no proxy's headers.
    let beside = link.peer.is_loopback()
        && version == Version::HTTP_11
        && host_of(headers, uri).is_some_and(|host| is_this_machine(&host))
        && !OF_PROXIES.iter().any(|name| headers.contains_key(*name));
    if beside {
        return Ok(direct);
    }
    if !is_https(headers) {
        return Err(missing("The proxy does not say that the caller came by https."));
    }
    if !headers.contains_key(FOR) {
        return Err(missing("The proxy does not say who the caller is."));
    }
    let caller = caller(headers, is_trusted)?;
    // Loopback at a proxy is another machine's, or a proxy's word for itself.
    Ok((caller.filter(|address| !address.is_loopback()), Carrier::Proxy))
}

/// True when one header says so. Several, or a list, are of a proxy that adds instead of replacing.
fn is_https(headers: &HeaderMap) -> bool {
    let mut all = headers.get_all(PROTO).iter();
    match (all.next(), all.next()) {
        (Some(one), None) => one.as_bytes().eq_ignore_ascii_case(b"https"),
        _ => false,
    }
}

/// The rightmost address that is no trusted proxy. What stands left of it is the caller's own word.
fn caller(
    headers: &HeaderMap,
    is_trusted: impl Fn(IpAddr) -> bool,
) -> Result<Option<IpAddr>, ApiError> {
    let lines: Vec<_> = headers.get_all(FOR).iter().collect();
    for line in lines.into_iter().rev() {
        let line = line.to_str().map_err(|_| invalid("bytes that are no text"))?;
        for entry in line.rsplit(',').map(str::trim) {
            let address: IpAddr = entry.parse().map_err(|_| invalid(entry))?;
            let address = address.to_canonical();
            if !is_trusted(address) {
                return Ok(Some(address));
            }
        }
    }
    Ok(None)
}

fn invalid(entry: &str) -> ApiError {
    let entry: String = entry.chars().take(60).collect();
    ApiError::invalid(
        "forwarded_invalid",
        format!("`{entry}` in X-Forwarded-For is no address."),
        "Have the proxy write the caller's bare address, without a port; see docs/remote.md.",
    )
}

fn missing(what: &str) -> ApiError {
    ApiError::invalid(
        "forwarded_missing",
        what,
        "Have the proxy set X-Forwarded-For and X-Forwarded-Proto; see docs/remote.md.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    type Judged = Result<(Option<IpAddr>, Carrier), &'static str>;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn judged(peer: &str, host: &str, given: &[(&'static str, &str)]) -> Judged {
        let mut headers = HeaderMap::new();
        headers.insert("host", host.parse().unwrap());
        for (name, value) in given {
            headers.append(*name, value.parse().unwrap());
        }
        let trusted = ["127.0.0.1", "10.1.0.0/24", "2001:db8::/64"].map(|t| t.parse().unwrap());
        let link = Link { peer: ip(peer), tls: false };
        let uri = Uri::from_static("/api/desk");
        let found = judge(link, &headers, &uri, Version::HTTP_11, &trusted);
        found.map_err(|error| {
            let status = error.into_response().status();
            assert_eq!(status, StatusCode::BAD_REQUEST);
            "refused"
        })
    }

    #[test]
    fn the_caller_is_the_rightmost_that_is_no_proxy() {
        let https = (PROTO, "https");
        for (lines, wanted) in [
            (vec!["203.0.113.5"], Some("203.0.113.5")),
            (vec!["junk, 203.0.113.5"], Some("203.0.113.5")),
            (vec!["127.0.0.1, 203.0.113.5, 10.1.0.7"], Some("203.0.113.5")),
            (vec!["198.51.100.1", "203.0.113.5 , 2001:db8::1"], Some("203.0.113.5")),
            (vec!["::ffff:203.0.113.5"], Some("203.0.113.5")),
            (vec!["10.2.0.7"], Some("10.2.0.7")),
            (vec!["127.0.0.1"], None),
            (vec!["::1"], None),
            (vec!["127.0.0.9"], None),
            (vec!["10.1.0.1, 10.1.0.2"], None),
        ] {
            let mut given: Vec<_> = lines.iter().map(|line| (FOR, *line)).collect();
            given.push(https);
            let wanted = Ok((wanted.map(ip), Carrier::Proxy));
            for (peer, host) in [("127.0.0.1", "desk.example"), ("10.1.0.9", "localhost")] {
                assert_eq!(judged(peer, host, &given), wanted, "{lines:?}");
            }
        }
        for line in
            ["", "203.0.113.5,", "203.0.113.5:80", "unknown", "[2001:db9::1]", "a, 10.1.0.1"]
        {
            let found = judged("127.0.0.1", "desk.example", &[(FOR, line), https]);
            assert_eq!(found, Err("refused"), "{line}");
        }
    }

    #[test]
    fn nothing_that_came_through_a_proxy_counts_as_this_machine() {
        let direct = |peer| Ok((Some(ip(peer)), Carrier::Plain));
        assert_eq!(judged("127.0.0.1", "localhost:3000", &[]), direct("127.0.0.1"));
        let all = [(FOR, "203.0.113.5"), (PROTO, "https"), ("forwarded", "for=203.0.113.5")];
        for untrusted in ["127.0.0.2", "10.2.0.1", "::1"] {
            assert_eq!(judged(untrusted, "desk.example", &all), direct(untrusted));
        }
        for (peer, host) in [("127.0.0.1", "desk.example"), ("10.1.0.1", "localhost")] {
            assert_eq!(judged(peer, host, &[]), Err("refused"), "{peer} {host}");
        }
        for given in [
            vec![(FOR, "203.0.113.5")],
            vec![(PROTO, "https")],
            vec![("via", "1.1 proxy")],
            vec![("forwarded", "for=203.0.113.5;proto=https")],
            vec![(FOR, "203.0.113.5"), (PROTO, "http")],
            vec![(FOR, "203.0.113.5"), (PROTO, "https, http")],
            vec![(FOR, "203.0.113.5"), (PROTO, "https"), (PROTO, "http")],
        ] {
            assert_eq!(judged("127.0.0.1", "localhost", &given), Err("refused"), "{given:?}");
        }
    }

    #[test]
    fn everybody_is_no_proxy() {
        for (text, wanted) in [
            ("0.0.0.0/0", Err(ProxyError::Everybody)),
            ("::/0", Err(ProxyError::Everybody)),
            ("10.0.0.0/33", Err(ProxyError::NoAddress)),
            ("proxy.example", Err(ProxyError::NoAddress)),
            ("", Err(ProxyError::NoAddress)),
            ("10.0.0.9/8", Ok(true)),
            ("10.7.0.1", Ok(true)),
            ("::ffff:10.7.0.1", Ok(true)),
            ("10.7.0.2", Ok(false)),
            ("::/1", Ok(false)),
        ] {
            let found = text.parse::<TrustedProxy>().map(|proxy| proxy.is(ip("10.7.0.1")));
            assert_eq!(found, wanted, "{text}");
        }
    }
}
