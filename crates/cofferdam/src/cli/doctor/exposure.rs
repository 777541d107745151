//! Which addresses a running desk listens on, as the operating system tells.
//!
//! What the configuration says does not matter here: the sockets do. This module must not
//! connect to anything.

use std::{
    collections::BTreeSet,
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use super::{Check, State};

const NAME: &str = "exposure";
/// The state of a listening socket in /proc/net/tcp.
const LISTEN: &str = "0A";

/// Checks the sockets of the desk with this process number.
pub(super) fn check(pid: Option<&str>) -> Check {
    let Some(pid) = pid.filter(|pid| !pid.is_empty()) else {
        return Check::new(NAME, State::Note, "no desk runs on this data folder");
    };
    let Some(sockets) = sockets_of(pid) else {
        return Check::new(NAME, State::Note, format!("process {pid} belongs to somebody else"));
    };
    let tables = ["tcp", "tcp6"].map(|name| fs::read_to_string(format!("/proc/{pid}/net/{name}")));
    let tables = tables.into_iter().filter_map(Result::ok);
    let listening: BTreeSet<SocketAddr> = tables
        .flat_map(|table| table.lines().filter_map(row).collect::<Vec<_>>())
        .filter(|(_, inode)| sockets.contains(inode))
        .map(|(address, _)| address)
        .collect();
    judge(&listening)
}

fn judge(listening: &BTreeSet<SocketAddr>) -> Check {
    let words = |list: Vec<&SocketAddr>| {
        list.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    let exposed: Vec<_> =
        listening.iter().filter(|a| !a.ip().to_canonical().is_loopback()).collect();
    if !exposed.is_empty() {
        // `up` opens such an address with TLS or for a declared proxy only; a socket does not tell
        // which, so a person looks.
        return Check::new(
            NAME,
            State::Warn,
            format!("other machines can reach {}", words(exposed)),
        )
        .remedy(
            "if that is not meant, listen on 127.0.0.1 only; docs/remote.md has the safe ways",
        );
    }
    if listening.is_empty() {
        return Check::new(NAME, State::Note, "the desk listens on nothing");
    }
    let found = format!("only this machine can reach {}", words(listening.iter().collect()));
    Check::new(NAME, State::Ok, found)
}

/// The inodes of a process's sockets; `None` when it is not ours.
fn sockets_of(pid: &str) -> Option<BTreeSet<u64>> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).ok()?;
    let inode = |entry: std::io::Result<fs::DirEntry>| {
        let target = fs::read_link(entry.ok()?.path()).ok()?;
        target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
    };
    Some(entries.filter_map(inode).collect())
}

/// Address and inode of a listening socket's row.
fn row(line: &str) -> Option<(SocketAddr, u64)> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    if fields.get(3) != Some(&LISTEN) {
        return None;
    }
    let (address, port) = fields.get(1)?.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    // Each group of eight digits is one word in the byte order of the machine.
    let mut bytes = Vec::with_capacity(16);
    for at in (0..address.len()).step_by(8) {
        let word = u32::from_str_radix(address.get(at..at + 8)?, 16).ok()?;
        bytes.extend(word.to_ne_bytes());
    }
    let ip: IpAddr = match bytes.len() {
        4 => Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?).into(),
        16 => Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?).into(),
        _ => return None,
    };
    Some((SocketAddr::new(ip, port), fields.get(9)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn the_system_tells_what_a_process_listens_on() {
        let own = std::process::id().to_string();
        let _local = TcpListener::bind("127.0.0.1:0").unwrap();
        let local = check(Some(&own));
        assert!(local.found.contains("127.0.0.1:"), "{local:?}");
        assert_eq!(check(None).state, State::Note);
    }

    #[test]
    fn any_address_beyond_this_machine_is_pointed_out() {
        let state = |list: &[&str]| judge(&list.iter().map(|a| a.parse().unwrap()).collect()).state;
        assert_eq!(state(&["127.0.0.1:3000", "[::1]:3000", "[::ffff:127.0.0.1]:1"]), State::Ok);
        for exposed in ["0.0.0.0:3000", "[::]:3000", "192.168.1.2:3000"] {
            assert_eq!(state(&["127.0.0.1:8317", exposed]), State::Warn, "{exposed}");
        }
    }
}
