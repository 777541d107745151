//! How many connections there may be, in all and of one address.
//!
//! Strangers share three quarters, and one address gets a quarter: this machine and the declared
//! proxies always find a place, so the kill switch does. It must not know what connections carry.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// How many connections are taken in. What comes on top is closed at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// In all.
    pub all: usize,
    /// From elsewhere, together.
    pub strangers: usize,
    /// From one address elsewhere. IPv6 addresses count as one up to their 64th bit, which is what
    /// one customer of a provider has.
    pub of_stranger: usize,
    /// From this machine, and from each trusted proxy.
    pub of_near: usize,
}

impl Default for Connections {
    fn default() -> Self {
        Self { all: 1_024, strangers: 768, of_stranger: 256, of_near: 768 }
    }
}

/// Who is at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// This machine or a trusted proxy.
    Near,
    /// Anybody else.
    Stranger,
}

/// Counts connections.
#[derive(Debug)]
pub(super) struct Places {
    most: Connections,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    all: usize,
    strangers: usize,
    by_peer: HashMap<IpAddr, usize>,
}

impl Places {
    pub(super) fn new(most: Connections) -> Arc<Self> {
        Arc::new(Self { most, held: Mutex::default() })
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place, unless there is none left for this address.
    pub(super) fn take(self: &Arc<Self>, peer: IpAddr, side: Side) -> Option<Place> {
        let peer = counted_as(peer);
        let mut held = self.held();
        let own = held.by_peer.get(&peer).copied().unwrap_or(0);
        let free = match side {
            Side::Near => own < self.most.of_near,
            Side::Stranger => own < self.most.of_stranger && held.strangers < self.most.strangers,
        };
        if !free || held.all >= self.most.all {
            return None;
        }
        held.all += 1;
        held.strangers += usize::from(side == Side::Stranger);
        held.by_peer.insert(peer, own + 1);
        Some(Place { places: self.clone(), peer, side })
    }
}

/// A place that is held until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    peer: IpAddr,
    side: Side,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.places.held();
        held.all = held.all.saturating_sub(1);
        if self.side == Side::Stranger {
            held.strangers = held.strangers.saturating_sub(1);
        }
        let left = held.by_peer.get(&self.peer).map_or(0, |own| own.saturating_sub(1));
        if left == 0 {
            held.by_peer.remove(&self.peer);
        } else {
            held.by_peer.insert(self.peer, left);
        }
    }
}

fn counted_as(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V6(whole) if !whole.is_loopback() => {
            Ipv6Addr::from_bits(whole.to_bits() >> 64 << 64).into()
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn no_address_takes_all_and_strangers_leave_room_for_this_machine() {
        let places = Places::new(Connections { all: 8, strangers: 6, of_stranger: 2, of_near: 7 });
        let mut held = Vec::new();
        for (peer, wanted) in
            [("192.0.2.1", 2), ("2001:db8::1", 2), ("192.0.2.2", 2), ("192.0.2.3", 0)]
        {
            let got: Vec<_> =
                (0..5).filter_map(|_| places.take(ip(peer), Side::Stranger)).collect();
            assert_eq!(got.len(), wanted, "{peer}");
            held.extend(got);
        }
        assert!(places.take(ip("2001:db8::ffff"), Side::Stranger).is_none(), "the same network");
        let near: Vec<_> =
            (0..5).filter_map(|_| places.take(ip("127.0.0.1"), Side::Near)).collect();
        assert_eq!(near.len(), 2, "the quarter that is left");
        held.clear();
        assert_eq!(places.held().strangers, 0);
        assert_eq!(places.held().by_peer.len(), 1);
        let more: Vec<_> =
            (0..9).filter_map(|_| places.take(ip("127.0.0.1"), Side::Near)).collect();
        assert_eq!(near.len() + more.len(), 7);
        drop((near, more));
        let held = places.held();
        assert_eq!((held.all, held.by_peer.len()), (0, 0));
    }
}
