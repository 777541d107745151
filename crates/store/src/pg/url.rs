//! The address of a PostgreSQL server: what it may name, and how it is shown.
//!
//! An unencrypted connection to another machine is never made, so only addresses of this machine
//! are taken. The password is in no message, log or debug output. This module must not connect.

use std::{fmt, net::IpAddr, path::PathBuf, str::FromStr};

use postgres::config::{Host, SslMode};

use crate::error::{StoreError, Unsuitable};

/// Where a server's socket is when an address names no host.
const SOCKET_DIR: &str = "/var/run/postgresql";
const PORT_DEFAULT: u16 = 5432;

#[derive(Clone, PartialEq, Eq)]
enum Place {
    Socket(PathBuf),
    Loopback(IpAddr),
}

/// The address of a database on a PostgreSQL server of this machine.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl {
    place: Place,
    port: u16,
    user: String,
    password: Option<Vec<u8>>,
    database: String,
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { port, user, database, .. } = self;
        match &self.place {
            Place::Socket(dir) => {
                write!(f, "PostgreSQL database {database} of {user} at {}:{port}", dir.display())
            }
            Place::Loopback(IpAddr::V6(ip)) => {
                write!(f, "PostgreSQL database {database} of {user} at [{ip}]:{port}")
            }
            Place::Loopback(ip) => {
                write!(f, "PostgreSQL database {database} of {user} at {ip}:{port}")
            }
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

fn unsuitable(field: &'static str, value: impl Into<String>, rule: &'static str) -> StoreError {
    let remedy = "write postgresql://user:password@127.0.0.1:5432/database, special characters of \
                  the password as %XX, or name a socket's folder: postgresql://user@/database?host=/run/postgresql";
    let code = "database_url_invalid";
    StoreError::Unsuitable(Unsuitable { code, field, value: value.into(), rule, remedy })
}

fn not_local(host: &str) -> StoreError {
    StoreError::Unsuitable(Unsuitable {
        code: "database_url_not_local",
        field: "the database's host",
        value: format!("`{host}`"),
        rule: "connections are not encrypted here, so the server must be on this machine",
        remedy: "open a tunnel, for example ssh -N -L 5432:127.0.0.1:5432 HOST, and name 127.0.0.1",
    })
}

fn place_of(host: &Host) -> Result<Place, StoreError> {
    match host {
        Host::Unix(dir) => Ok(Place::Socket(dir.clone())),
        // The name is not looked up: what it stands for can be changed from outside.
        Host::Tcp(name) if name == "localhost" => Ok(Place::Loopback([127, 0, 0, 1].into())),
        Host::Tcp(name) => {
            let bare = name.trim_start_matches('[').trim_end_matches(']');
            match bare.parse::<IpAddr>() {
                Ok(ip) if ip.is_loopback() => Ok(Place::Loopback(ip)),
                _ => Err(not_local(name)),
            }
        }
    }
}

impl FromStr for DatabaseUrl {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        if !["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme)) {
            return Err(unsuitable("the database URL", "not of PostgreSQL", "it begins so"));
        }
        // The driver's own words may quote a part of the password, so they are not passed on.
        let parsed: postgres::Config = text.parse().map_err(|_| {
            unsuitable("the database URL", "not readable", "it is a PostgreSQL URL")
        })?;
        if parsed.get_ssl_mode() == SslMode::Require {
            let rule = "connections are not encrypted here";
            return Err(unsuitable("the database URL's sslmode", "require", rule));
        }
        for ip in parsed.get_hostaddrs() {
            if !ip.is_loopback() {
                return Err(not_local(&ip.to_string()));
            }
        }
        let place = match parsed.get_hosts() {
            [] => Place::Socket(PathBuf::from(SOCKET_DIR)),
            [host] => place_of(host)?,
            hosts => {
                let count = format!("{} of them", hosts.len());
                return Err(unsuitable("the database URL's hosts", count, "it names one server"));
            }
        };
        let user = parsed
            .get_user()
            .ok_or_else(|| unsuitable("the database URL's user", "absent", "it names a user"))?;
        Ok(Self {
            place,
            port: parsed.get_ports().first().copied().unwrap_or(PORT_DEFAULT),
            user: user.to_owned(),
            password: parsed.get_password().map(<[u8]>::to_vec),
            database: parsed.get_dbname().unwrap_or(user).to_owned(),
        })
    }
}

impl DatabaseUrl {
    /// What the driver needs.
    pub(crate) fn config(&self) -> postgres::Config {
        let mut config = postgres::Config::new();
        match &self.place {
            Place::Socket(dir) => config.host_path(dir),
            Place::Loopback(ip) => config.host(&ip.to_string()),
        };
        config.port(self.port).user(&self.user).dbname(&self.database);
        config.application_name("cofferdam").ssl_mode(SslMode::Disable);
        if let Some(password) = &self.password {
            config.password(password);
        }
        config
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> &'static str {
        text.parse::<DatabaseUrl>().unwrap_err().code()
    }

    #[test]
    fn only_servers_of_this_machine_are_taken() {
        for text in [
            "postgresql://a:b@127.0.0.1:5433/c",
            "postgres://a@localhost/c",
            "postgresql://a@[::1]/c",
            "postgresql://a@127.0.0.9/c",
            "postgresql://a@/c?host=/run/postgresql",
            "postgresql://a@/c",
            "postgresql://a@%2Frun%2Fpostgresql/c",
        ] {
            text.parse::<DatabaseUrl>().unwrap_or_else(|error| panic!("{text}: {error}"));
        }
        for text in [
            "postgresql://a@db.example.org/c",
            "postgresql://a@10.0.0.1/c",
            "postgresql://a@localhost.example.org/c",
            "postgresql://a@127.0.0.1/c?hostaddr=10.0.0.1",
        ] {
            assert_eq!(code(text), "database_url_not_local", "{text}");
        }
        for text in [
            "mysql://a@localhost/c",
            "postgresql://localhost/c",
            "postgresql://a@localhost,127.0.0.1/c",
            "postgresql://a@localhost/c?sslmode=require",
            "postgresql://a@localhost:port/c",
        ] {
            assert_eq!(code(text), "database_url_invalid", "{text}");
        }
    }

    #[test]
    fn the_password_is_shown_nowhere() {
        let url: DatabaseUrl = "postgresql://me:tops3cret@127.0.0.1:5433/desk".parse().unwrap();
        let shown = format!("{url} {url:?} {:?}", url.config());
        assert!(!shown.contains("tops3cret"), "{shown}");
        assert!(shown.starts_with("PostgreSQL database desk of me at 127.0.0.1:5433"), "{shown}");
        for text in [
            "postgresql://me:tops3cret/@127.0.0.1:x/desk",
            "postgresql://me:tops3cret@db.example.org/desk",
            "postgresql://me:tops3cret@127.0.0.1:tops3cret/desk",
            "postgresql://127.0.0.1/desk?tops3cret=1",
        ] {
            let error = text.parse::<DatabaseUrl>().unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("tops3cret"), "{shown}");
        }
    }
}
