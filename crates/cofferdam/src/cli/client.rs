//! The client of a running desk.
//!
//! It follows no redirect and no proxy, so that the key reaches the named desk or nobody, and it
//! waits for a bounded time and a bounded answer. It must not know what the routes mean.

use std::{
    io::Read,
    net::IpAddr,
    time::{Duration, Instant},
};

use reqwest::{
    Method, Url,
    blocking::{Client, RequestBuilder, Response},
    header::{HeaderMap, HeaderValue},
    redirect::Policy,
};
use serde_json::Value;

use super::{failure::Failure, key::Key};

/// A desk on this machine or a tunnel answers a connection faster than this.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);
/// What is said when the answer is not a desk's.
const NO_DESK: &str = "what answers is no desk, or one of another version";
/// An answer that is longer is not read.
const ANSWER_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The address of a desk.
#[derive(Debug, Clone)]
pub(crate) struct Base(Url);

impl Base {
    /// Checks an address. It is plain HTTP, so that the key may leave for this machine only.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let url: Url = text.parse().map_err(|_| bad_url("it is no address"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad_url("it must not hold a name or password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(bad_url("it must have no query and no fragment"));
        }
        if url.scheme() != "http" {
            return Err(bad_url("it must begin with http://"));
        }
        let host = url.host_str().unwrap_or_default();
        let address: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
        if host != "localhost" && !address.is_some_and(|address| address.is_loopback()) {
            return Err(bad_url(
                "the key would travel unencrypted to another machine; open a tunnel, for example \
                 ssh -L 3000:127.0.0.1:3000 HOST, and use http://127.0.0.1:3000",
            ));
        }
        Ok(Self(url))
    }

    fn join(&self, path: &str) -> Result<Url, Failure> {
        let base = self.0.as_str().trim_end_matches('/');
        format!("{base}{path}").parse().map_err(|_| bad_url("it does not take paths"))
    }
}

impl std::fmt::Display for Base {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

fn bad_url(why: &str) -> Failure {
    Failure::usage(format!("the desk's address (--url or COFFERDAM_URL) can't be used: {why}"))
}

/// A part of a path, escaped.
pub(crate) fn segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b':') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// A path with a query of the pairs that have a value.
pub(crate) fn query(path: &str, pairs: &[(&str, Option<String>)]) -> String {
    let mut out = path.to_owned();
    let present = pairs.iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
    for (n, (name, value)) in present.enumerate() {
        out.push(if n == 0 { '?' } else { '&' });
        out.push_str(&format!("{name}={}", segment(value)));
    }
    out
}

/// A running desk, asked with a key.
#[derive(Debug)]
pub(crate) struct Api {
    base: Base,
    client: Client,
    patience: Duration,
}

impl Api {
    /// A client that gives up after `patience`.
    pub(crate) fn new(base: Base, key: &Key, patience: Duration) -> Result<Self, Failure> {
        let invalid = || Failure::new("key_invalid", "the key has characters that no key has");
        let mut secret = HeaderValue::from_str(key.expose()).map_err(|_| invalid())?;
        secret.set_sensitive(true);
        let headers =
            HeaderMap::from_iter([(reqwest::header::HeaderName::from_static("x-api-key"), secret)]);
        let client = Client::builder()
            .user_agent(concat!("cofferdam-cli/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .no_proxy()
            .redirect(Policy::none())
            .connect_timeout(CONNECT_WITHIN)
            .timeout(patience)
            .build()
            .map_err(|error| Failure::new("client", format!("no client can be made: {error}")))?;
        Ok(Self { base, client, patience })
    }

    /// The desk's address.
    pub(crate) fn base(&self) -> &Base {
        &self.base
    }

    /// Asks.
    pub(crate) fn get(&self, path: &str) -> Result<Value, Failure> {
        self.send(self.request(Method::GET, path)?)
    }

    /// Asks for a text of a kind.
    pub(crate) fn get_text(&self, path: &str, kind: &str) -> Result<String, Failure> {
        let (text, found) = self.answer(self.request(Method::GET, path)?)?;
        if found.starts_with(kind) { Ok(text) } else { Err(self.broken(NO_DESK)) }
    }

    /// Sends a body to be acted on.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.send(self.request(Method::POST, path)?.json(body))
    }

    /// Sends a body to be acted on once per key.
    pub(crate) fn post_once(
        &self,
        path: &str,
        body: &Value,
        key: Option<&str>,
    ) -> Result<Value, Failure> {
        self.send(keyed(self.request(Method::POST, path)?.json(body), key)?)
    }

    /// Sends what is to be different, once per key.
    pub(crate) fn patch_once(
        &self,
        path: &str,
        body: &Value,
        key: Option<&str>,
    ) -> Result<Value, Failure> {
        self.send(keyed(self.request(Method::PATCH, path)?.json(body), key)?)
    }

    /// Sends a body to be put in place.
    pub(crate) fn put(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.send(self.request(Method::PUT, path)?.json(body))
    }

    /// Asks for removal.
    pub(crate) fn delete(&self, path: &str) -> Result<Value, Failure> {
        self.send(self.request(Method::DELETE, path)?)
    }

    fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, Failure> {
        Ok(self.client.request(method, self.base.join(path)?))
    }

    fn send(&self, request: RequestBuilder) -> Result<Value, Failure> {
        let (text, kind) = self.answer(request)?;
        if text.is_empty() {
            return Ok(Value::Null);
        }
        if !kind.contains("json") {
            return Err(self.broken(NO_DESK));
        }
        serde_json::from_str(&text).map_err(|_| self.broken(NO_DESK))
    }

    /// The body of a good answer and its content type.
    fn answer(&self, request: RequestBuilder) -> Result<(String, String), Failure> {
        let started = Instant::now();
        let response = request.send().map_err(|error| self.unanswered(&error, started))?;
        let status = response.status();
        let kind = content_type(&response);
        let mut text = String::new();
        response
            .take(ANSWER_BYTES_MAX)
            .read_to_string(&mut text)
            .map_err(|_| self.broken("the answer broke off"))?;
        if status.is_redirection() {
            return Err(self.broken("it answers with a redirect, which is never followed"));
        }
        if !status.is_success() {
            let body = serde_json::from_str(&text).unwrap_or(Value::Null);
            return Err(Failure::problem(status.as_u16(), body));
        }
        Ok((text, kind))
    }

    fn broken(&self, why: &str) -> Failure {
        Failure::new("bad_answer", format!("{}: {why}; check --url", self.base))
    }

    fn unanswered(&self, error: &reqwest::Error, started: Instant) -> Failure {
        let base = &self.base;
        if error.is_connect() {
            let message = format!(
                "no desk answers at {base}; start it with `cofferdam up`, or name another address \
                 with --url"
            );
            return Failure::down(message);
        }
        if error.is_timeout() {
            let message = format!(
                "the desk at {base} did not answer within {} s. What was asked may have happened: \
                 look before you ask again, or ask again with the same --key",
                started.elapsed().as_secs().min(self.patience.as_secs())
            );
            return Failure::new("timeout", message);
        }
        let message = format!(
            "the connection to {base} broke. What was asked may have happened: look before you ask \
             again, or ask again with the same --key"
        );
        Failure::new("connection", message)
    }
}

fn keyed(request: RequestBuilder, key: Option<&str>) -> Result<RequestBuilder, Failure> {
    let Some(key) = key else { return Ok(request) };
    let key = HeaderValue::from_str(key).map_err(|_| {
        Failure::usage("an idempotency key has letters, digits and punctuation only")
    })?;
    Ok(request.header("Idempotency-Key", key))
}

fn content_type(response: &Response) -> String {
    let content = response.headers().get(reqwest::header::CONTENT_TYPE);
    content.and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::testing::{Answer, Desk};

    #[test]
    fn the_key_goes_to_this_machine_only() {
        for url in ["http://127.0.0.1:3000", "http://localhost:1/", "http://[::1]:3000"] {
            Base::parse(url).unwrap();
        }
        for url in [
            "http://192.168.1.5:3000",
            "http://example.com",
            "https://127.0.0.1:3000",
            "http://user:secret@127.0.0.1",
            "http://127.0.0.1.example.com",
            "http://127.0.0.1?key=secret",
            "3000",
        ] {
            let failure = Base::parse(url).unwrap_err();
            assert!(failure.is_usage(), "{url}");
            assert!(!failure.to_string().contains("secret"));
        }
    }

    #[test]
    fn an_answer_comes_back_unchanged_and_the_key_travels_in_its_header() {
        let desk = Desk::answering([Answer::json(200, &json!({"level": "halt"}))]);
        let value = desk.api().post("/api/kill", &json!({"level": "halt"})).unwrap();
        assert_eq!(value, json!({"level": "halt"}));
        let request = &desk.requests()[0];
        assert!(request.head.starts_with("POST /api/kill HTTP/1.1\r\n"), "{}", request.head);
        assert!(request.head.to_lowercase().contains("x-api-key: cfd_test_key\r\n"));
        assert_eq!(request.body, r#"{"level":"halt"}"#);
    }

    #[test]
    fn problems_redirects_and_strangers_are_told_apart() {
        let problem = json!({"code": "unauthorized", "detail": "the key is unknown"});
        let desk = Desk::answering([
            Answer::json(401, &problem),
            Answer::raw("HTTP/1.1 302 Found\r\nLocation: http://example.com/\r\nContent-Length: 0"),
            Answer::raw(
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi",
            ),
            Answer::raw("HTTP/1.1 204 No Content\r\nContent-Length: 0"),
        ]);
        let api = desk.api();
        assert_eq!(api.get("/a").unwrap_err().to_json(), problem);
        assert_eq!(api.get("/b").unwrap_err().code(), "bad_answer");
        assert_eq!(api.get("/c").unwrap_err().code(), "bad_answer");
        assert_eq!(api.get("/d").unwrap(), Value::Null);
    }

    #[test]
    fn a_desk_that_is_down_is_told_from_one_that_hangs() {
        let desk = Desk::answering([Answer::hang()]);
        let key = Key::parse("cfd_test_key", "test").unwrap();
        let api = Api::new(desk.base(), &key, Duration::from_millis(200)).unwrap();
        assert_eq!(api.get("/").unwrap_err().code(), "timeout");
        let closed = Base::parse("http://127.0.0.1:1").unwrap();
        let api = Api::new(closed, &key, Duration::from_secs(1)).unwrap();
        assert!(api.get("/").unwrap_err().is_down());
    }

    #[test]
    fn parts_of_paths_and_queries_are_escaped() {
        assert_eq!(segment("main.manual.sim:BTC/USD"), "main.manual.sim:BTC%2FUSD");
        assert_eq!(segment("../x?y#z %"), "..%2Fx%3Fy%23z%20%25");
        let pairs = [("a", Some("1&2".to_owned())), ("b", None), ("c", Some("x".to_owned()))];
        assert_eq!(query("/p", &pairs), "/p?a=1%262&c=x");
    }
}
