//! Every combination of arguments, and what is made of it.

use clap::Parser;

use super::*;

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    listening: ListenArgs,
}

fn parse(line: &str) -> Result<ListenArgs, clap::Error> {
    let words = std::iter::once("up").chain(line.split_whitespace());
    Line::try_parse_from(words).map(|line| line.listening)
}

fn code(line: &str, nobody: bool) -> &'static str {
    match judge(&parse(line).unwrap(), nobody) {
        Ok(_) => "ok",
        Err(Refused::Exposed(_)) => "exposed",
        Err(Refused::NoName) => "no_name",
        Err(Refused::NoTls(_)) => "no_tls",
        Err(Refused::Nobody) => "nobody",
        Err(Refused::LocalExposed(_)) => "local_exposed",
        Err(Refused::Clash(_)) => "clash",
    }
}

/// Address, TLS, proxy; then what comes of it without a name while nobody exists, without a name
/// when somebody does, and the same with a name.
#[test]
fn what_is_not_safe_does_not_listen() {
    const TLS: &str = "--tls-cert c --tls-key k";
    const PROXY: &str = "--trusted-proxy 192.0.2.7";
    let none = ["exposed"; 4];
    let named = ["no_name", "no_name", "nobody", "ok"];
    for (listen, tls, proxy, wanted) in [
        ("127.0.0.1:4000", "", "", ["ok", "ok", "no_tls", "no_tls"]),
        ("127.0.0.1:4000", "", PROXY, named),
        ("127.0.0.1:4000", TLS, "", named),
        ("127.0.0.1:4000", TLS, PROXY, named),
        ("[::1]:4000", "", "", ["ok", "ok", "no_tls", "no_tls"]),
        ("[::1]:4000", "", PROXY, named),
        ("[::1]:4000", TLS, "", named),
        ("[::1]:4000", TLS, PROXY, named),
        ("192.0.2.1:4000", "", "", none),
        ("192.0.2.1:4000", "", PROXY, named),
        ("192.0.2.1:4000", TLS, "", named),
        ("192.0.2.1:4000", TLS, PROXY, named),
        ("0.0.0.0:4000", "", "", none),
        ("0.0.0.0:4000", "", PROXY, named),
        ("0.0.0.0:4000", TLS, "", named),
        ("0.0.0.0:4000", TLS, PROXY, named),
        ("[::]:4000", "", "", none),
        ("[::]:4000", "", PROXY, named),
        ("[::]:4000", TLS, "", named),
        ("[::]:4000", TLS, PROXY, named),
    ] {
        for (at, wanted) in wanted.into_iter().enumerate() {
            let host = if at < 2 { "" } else { "--host desk.example" };
            let line = format!("--listen {listen} {tls} {proxy} {host}");
            assert_eq!(code(&line, at % 2 == 0), wanted, "{line}, nobody: {}", at % 2 == 0);
        }
    }
}

/// The command line always finds the desk on this machine, and never through an open address.
#[test]
fn this_machine_has_a_door_of_its_own_where_it_needs_one() {
    const NAMED: &str = "--host desk.example --tls-cert c --tls-key k";
    const PROXY: &str = "--host desk.example --trusted-proxy 192.0.2.7";
    for (line, wanted) in [
        (String::new(), Ok((1, "127.0.0.1:3000"))),
        ("--listen [::1]:4000".into(), Ok((1, "[::1]:4000"))),
        ("--local-listen 127.0.0.1:3001".into(), Ok((2, "127.0.0.1:3001"))),
        ("--local-listen 127.0.0.1:3000".into(), Err("clash")),
        (format!("--listen 0.0.0.0:443 {NAMED}"), Ok((2, "127.0.0.1:3000"))),
        (format!("--listen 127.0.0.1:443 {NAMED}"), Ok((2, "127.0.0.1:3000"))),
        (format!("--listen 0.0.0.0:3000 {NAMED}"), Err("clash")),
        (format!("--listen [::]:3000 {NAMED}"), Err("clash")),
        (format!("--listen 127.0.0.1:3000 {NAMED}"), Err("clash")),
        (format!("--listen 192.0.2.1:3000 {NAMED}"), Ok((2, "127.0.0.1:3000"))),
        (format!("--listen 0.0.0.0:3000 --local-listen [::1]:3001 {NAMED}"), Ok((2, "[::1]:3001"))),
        (
            format!("--listen 0.0.0.0:443 --local-listen 192.0.2.1:3000 {NAMED}"),
            Err("local_exposed"),
        ),
        (format!("--listen 0.0.0.0:443 --local-listen 0.0.0.0:3000 {NAMED}"), Err("local_exposed")),
        (format!("--listen 0.0.0.0:4000 {PROXY}"), Ok((1, "127.0.0.1:4000"))),
        (format!("--listen 192.0.2.1:4000 {PROXY}"), Ok((2, "127.0.0.1:3000"))),
        (PROXY.into(), Ok((1, "127.0.0.1:3000"))),
    ] {
        let found = judge(&parse(&line).unwrap(), false);
        let doors = |plan: &Plan| 1 + usize::from(plan.local.is_some());
        let found = found.map(|plan| (doors(&plan), plan.on_this_machine().to_string()));
        match wanted {
            Ok((count, here)) => assert_eq!(found, Ok((count, here.to_owned())), "{line}"),
            Err(wanted) => assert_eq!(code(&line, false), wanted, "{line}"),
        }
    }
}

#[test]
fn half_a_certificate_and_proxies_that_are_everybody_are_refused() {
    for line in [
        "--tls-cert c",
        "--tls-key k",
        "--trusted-proxy 0.0.0.0/0",
        "--trusted-proxy ::/0",
        "--trusted-proxy proxy.example",
        "--host https://desk.example",
        "--host desk.example/path",
        "--host *.example",
        "--host localhost",
        "--host 127.0.0.1:3000",
        "--host [::1]",
        "--host 0.0.0.0",
        "--host desk.example:0",
        "--host desk.example:99999",
        "--host desk.example,",
        "--host 2001:db8::1",
    ] {
        assert!(parse(line).is_err(), "{line}");
    }
}

#[test]
fn names_are_taken_as_browsers_send_them() {
    let line = "--host Desk.Example,desk.example:8443 --host other.example:443 --host [2001:db8::1] \
                --host 192.0.2.1:9000 --trusted-proxy 10.0.0.1,10.1.0.0/16 --trusted-proxy ::1";
    let plan = judge(&parse(line).unwrap(), false).unwrap();
    let mut config = ApiConfig::new("0", None);
    plan.configure(&mut config);
    let hosts =
        ["desk.example", "desk.example:8443", "other.example", "[2001:db8::1]", "192.0.2.1:9000"];
    assert_eq!(config.hosts, hosts);
    assert_eq!(config.origins, hosts.map(|host| format!("https://{host}")));
    assert_eq!(config.trusted_proxies.len(), 3);
    assert!(plan.places().starts_with("https://desk.example, https://desk.example:8443, "));
    assert!(plan.places().ends_with("(on this machine: http://127.0.0.1:3000)"));
    assert_eq!(judge(&parse("").unwrap(), true).unwrap().places(), "http://127.0.0.1:3000");
}

#[test]
fn a_refusal_is_one_sentence_that_says_what_to_do() {
    let address = LOCAL;
    for (refused, remedy) in [
        (Refused::Exposed(address), "loopback"),
        (Refused::NoName, "--host"),
        (Refused::NoTls("desk.example".into()), "--tls-cert"),
        (Refused::Nobody, "cofferdam user add"),
        (Refused::LocalExposed(address), "127.0.0.1"),
        (Refused::Clash(address), "--local-listen"),
    ] {
        let text = refused.to_string();
        assert!(text.contains(remedy) && !text.contains(". ") && !text.contains('\n'), "{text}");
    }
}
