//! Where the desk listens, under which names, and whether that is safe: decided once, before
//! anything listens.
//!
//! One pure function judges the arguments. What it allows is a [`Plan`], and only a plan opens
//! sockets. It must not know what is served.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    str::FromStr,
};

use api::{ApiConfig, Certificate, Door, TlsFiles, TrustedProxy};
use clap::Args;
use thiserror::Error;
use tokio::net::TcpListener;

use super::ServeError;

/// Where the command line looks for the desk.
const LOCAL: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 3000);

/// Where to listen, and who may come.
#[derive(Debug, Clone, Args)]
pub(crate) struct ListenArgs {
    /// Address of the API. One that other machines reach needs TLS or a trusted proxy, and a --host.
    #[arg(long, value_name = "ADDR", default_value_t = LOCAL, env = "COFFERDAM_LISTEN")]
    pub(crate) listen: SocketAddr,
    /// The certificate and its chain, PEM; looked at again every minute.
    #[arg(long, value_name = "FILE", requires = "tls_key", env = "COFFERDAM_TLS_CERT")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The certificate's private key, PEM; others must not be able to read it.
    #[arg(long, value_name = "FILE", requires = "tls_cert", env = "COFFERDAM_TLS_KEY")]
    pub(crate) tls_key: Option<PathBuf>,
    /// A name under which browsers and programs reach the desk by https; may be repeated.
    #[arg(
        long = "host",
        value_name = "NAME[:PORT]",
        value_delimiter = ',',
        env = "COFFERDAM_HOST"
    )]
    pub(crate) hosts: Vec<PublicName>,
    /// Address or network of a proxy in front of the desk, which ends TLS and says who the caller
    /// is; may be repeated.
    #[arg(
        long = "trusted-proxy",
        value_name = "ADDR",
        value_delimiter = ',',
        env = "COFFERDAM_TRUSTED_PROXY"
    )]
    pub(crate) trusted_proxies: Vec<TrustedProxy>,
    /// Loopback address for the command line, where --listen does not serve it; 127.0.0.1:3000
    /// if absent.
    #[arg(long, value_name = "ADDR", env = "COFFERDAM_LOCAL_LISTEN")]
    pub(crate) local_listen: Option<SocketAddr>,
}

/// A name under which the desk is reached from elsewhere, in the form that browsers send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublicName(String);

impl FromStr for PublicName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "write a name as desk.example or desk.example:8443, without https://";
        let text = text.to_ascii_lowercase();
        let (name, port) = match text.rsplit_once(':') {
            Some((name, port)) if !text.ends_with(']') => (name, Some(port)),
            _ => (text.as_str(), None),
        };
        let literal = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        let address: Option<IpAddr> = literal.unwrap_or(name).parse().ok();
        let well = match address {
            Some(address) => address.is_ipv6() == literal.is_some(),
            None => name.len() <= 253 && name.split('.').all(is_label),
        };
        let number: Option<u16> = port.map(|port| port.parse().unwrap_or(0));
        if !well || number == Some(0) {
            return Err(FORM);
        }
        let here = |address: IpAddr| {
            let address = address.to_canonical();
            address.is_loopback() || address.is_unspecified()
        };
        if name == "localhost" || address.is_some_and(here) {
            return Err("this machine's own names are served anyhow; name what others use");
        }
        // Browsers leave out the port that https has by itself.
        let shown = number.filter(|number| *number != 443);
        Ok(Self(shown.map_or_else(|| name.to_owned(), |number| format!("{name}:{number}"))))
    }
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

impl fmt::Display for PublicName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PublicName {
    fn origin(&self) -> String {
        format!("https://{self}")
    }
}

/// Why the desk does not listen like that.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum Refused {
    /// Other machines would reach the desk in the clear.
    #[error(
        "{0} is not a loopback address, and the desk would be served in the clear there: give \
         --tls-cert and --tls-key, or --trusted-proxy with the address of a proxy that ends TLS, or \
         use 127.0.0.1 and an SSH tunnel (docs/remote.md)"
    )]
    Exposed(SocketAddr),
    /// Nobody could reach the desk by a name.
    #[error(
        "no name is given under which the desk is reached with TLS or through a proxy: add --host \
         with the name that browsers use"
    )]
    NoName,
    /// A name that would be served in the clear.
    #[error(
        "--host {0} needs TLS, and there is none: give --tls-cert and --tls-key, or --trusted-proxy \
         with the address of the proxy that has it"
    )]
    NoTls(String),
    /// Anybody could try to become the first admin.
    #[error(
        "nobody exists on this desk yet, and the first admin is made on this machine: start it once \
         with `cofferdam up` alone and use the set-up page, or run `cofferdam user add NAME --role \
         admin`; then start it like this again"
    )]
    Nobody,
    /// The address for the command line is open to others.
    #[error(
        "--local-listen {0} is not a loopback address, and it is served in the clear: use \
         127.0.0.1 or [::1] with another port"
    )]
    LocalExposed(SocketAddr),
    /// One address for two things.
    #[error(
        "{0} is taken by --listen, and the command line on this machine needs an address of its \
         own: add --local-listen with another port, such as 127.0.0.1:3001"
    )]
    Clash(SocketAddr),
}

/// How the desk listens; there is none that is unsafe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    listen: SocketAddr,
    tls: Option<TlsFiles>,
    local: Option<SocketAddr>,
    hosts: Vec<PublicName>,
    trusted_proxies: Vec<TrustedProxy>,
}

/// Judges how the desk is to listen. `nobody` is true while no first admin has been made.
pub(crate) fn judge(args: &ListenArgs, nobody: bool) -> Result<Plan, Refused> {
    let tls = match (&args.tls_cert, &args.tls_key) {
        (Some(chain), Some(key)) => Some(TlsFiles { chain: chain.clone(), key: key.clone() }),
        // The command line asks for both or none.
        _ => None,
    };
    let listen = args.listen;
    let here = listen.ip().to_canonical().is_loopback();
    let proxied = !args.trusted_proxies.is_empty();
    if tls.is_none() && !proxied {
        if !here {
            return Err(Refused::Exposed(listen));
        }
        if let Some(name) = args.hosts.first() {
            return Err(Refused::NoTls(name.to_string()));
        }
    }
    if (tls.is_some() || proxied) && args.hosts.is_empty() {
        return Err(Refused::NoName);
    }
    let local = local(args, tls.is_some())?;
    if nobody && !args.hosts.is_empty() {
        return Err(Refused::Nobody);
    }
    let (hosts, trusted_proxies) = (args.hosts.clone(), args.trusted_proxies.clone());
    Ok(Plan { listen, tls, local, hosts, trusted_proxies })
}

/// Where the command line is served, if not at the main address.
fn local(args: &ListenArgs, tls: bool) -> Result<Option<SocketAddr>, Refused> {
    let main = args.listen.ip().to_canonical();
    let serves_this_machine = !tls && (main.is_loopback() || main.is_unspecified());
    let local = match args.local_listen {
        None if serves_this_machine => return Ok(None),
        other => other.unwrap_or(LOCAL),
    };
    if !local.ip().to_canonical().is_loopback() {
        return Err(Refused::LocalExposed(local));
    }
    let same_place = main.is_unspecified() || main == local.ip().to_canonical();
    if same_place && local.port() == args.listen.port() && local.port() != 0 {
        return Err(Refused::Clash(local));
    }
    Ok(Some(local))
}

impl Plan {
    /// Reads the certificate, when there is one.
    pub(crate) fn certificate(&self) -> Result<Option<Certificate>, ServeError> {
        Ok(self.tls.clone().map(Certificate::load).transpose()?)
    }

    /// Begins to listen. The certificate is this plan's.
    pub(crate) async fn open(
        &self,
        certificate: Option<Certificate>,
    ) -> Result<Vec<Door>, ServeError> {
        let listener = bind(self.listen, "").await?;
        let mut doors = vec![match certificate {
            Some(certificate) => Door::Tls(listener, certificate),
            // A plain door lets in this machine and trusted proxies only.
            None => Door::Plain(listener),
        }];
        if let Some(local) = self.local {
            let remedy = "; choose another address for the command line with --local-listen";
            doors.push(Door::Plain(bind(local, remedy).await?));
        }
        Ok(doors)
    }

    /// Tells the door who may come, and under which names.
    pub(crate) fn configure(&self, config: &mut ApiConfig) {
        config.hosts = self.hosts.iter().map(ToString::to_string).collect();
        config.origins = self.hosts.iter().map(PublicName::origin).collect();
        config.trusted_proxies.clone_from(&self.trusted_proxies);
    }

    /// Where this machine's own programs reach the desk, in the clear.
    pub(crate) fn on_this_machine(&self) -> SocketAddr {
        let main = self.listen;
        self.local.unwrap_or(match main.ip().to_canonical() {
            ip if !ip.is_unspecified() => main,
            _ => SocketAddr::new(Ipv4Addr::LOCALHOST.into(), main.port()),
        })
    }

    /// Where the desk is, for people: its names, or its address on this machine.
    pub(crate) fn places(&self) -> String {
        let here = format!("http://{}", self.on_this_machine());
        if self.hosts.is_empty() {
            return here;
        }
        let names: Vec<_> = self.hosts.iter().map(PublicName::origin).collect();
        format!("{} (on this machine: {here})", names.join(", "))
    }
}

async fn bind(address: SocketAddr, remedy: &str) -> Result<TcpListener, ServeError> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(ServeError::io(format!("listen on {address}{remedy}")))
}

#[cfg(test)]
mod tests;
