//! Who is let in at which door.

use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::testing::House;

/// A connection whose other end is said to be at `peer`.
async fn is_let_in(server: &Server, door: &Door, peer: &str) -> bool {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stream, _) = tokio::join!(TcpStream::connect(address), listener.accept());
    let (_, stopped) = watch::channel(false);
    let peer = SocketAddr::new(peer.parse().unwrap(), 4_000);
    server.admit(door, stream.unwrap(), peer, stopped).is_some()
}

#[tokio::test]
async fn in_the_clear_only_this_machine_and_trusted_proxies_come_in() {
    let house = House::empty(|config| {
        config.trusted_proxies = vec!["192.0.2.0/28".parse().unwrap()];
    });
    let places = Places::new(Connections::default());
    let server = Server { router: house.app.clone(), state: house.state.clone(), places };
    let door = Door::Plain(TcpListener::bind("127.0.0.1:0").await.unwrap());
    for peer in
        ["127.0.0.1", "127.8.0.1", "::1", "::ffff:127.0.0.1", "192.0.2.7", "::ffff:192.0.2.7"]
    {
        assert!(is_let_in(&server, &door, peer).await, "{peer}");
    }
    for peer in ["192.0.2.16", "10.0.0.1", "2001:db8::1", "::ffff:10.0.0.1", "0.0.0.0"] {
        assert!(!is_let_in(&server, &door, peer).await, "{peer}");
    }
}
