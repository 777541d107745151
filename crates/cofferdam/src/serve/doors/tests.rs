//! Openings that were cut off go on when they are asked for again.

use domain::Currency;
use venue_sim::AccountSettings;

use super::*;
use crate::serve::{UpArgs, listen::ListenArgs, open_desk, open_house};

struct Rig {
    accounts: Accounts,
    _house: House,
    _folder: tempfile::TempDir,
}

impl Rig {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let args = UpArgs {
            listening: ListenArgs {
                listen: "127.0.0.1:0".parse().unwrap(),
                tls_cert: None,
                tls_key: None,
                hosts: Vec::new(),
                trusted_proxies: Vec::new(),
                local_listen: None,
            },
            demo: false,
            replay_from: None,
            venue_dir: None,
            accounts: None,
            lease_seconds: 10,
            session_seconds: 20,
        };
        let house = open_house(&args, &folder.path().to_owned(), None).unwrap();
        let markets = Markets::prepare(&args, &house).unwrap();
        let desk = open_desk(&house, markets.clock.clone()).unwrap();
        let log = house.database.venue_log(house.lock.dir()).unwrap();
        let venue = Simulated::open(log, markets.venue_config()).unwrap();
        let accounts = Accounts::new(&desk, &venue, &markets, &house.tenancy);
        Self { accounts, _house: house, _folder: folder }
    }

    /// What the account has at the venue after it was added.
    async fn add(&self, id: &AccountId) -> Money {
        let spec = AccountSpec {
            id: id.clone(),
            name: id.to_string(),
            venue: domain::VenueId::new("sim").unwrap(),
            identity: format!("sim/{id}"),
            mode: Mode::Paper,
            reporting: Currency::usd(),
            calendar: CalendarKind::AlwaysOpen,
        };
        let new = NewAccount { spec, policy: Policy::default() };
        let tenure = self.accounts.0.tenancy.acquire(id, 1).await.unwrap();
        self.accounts.create(&new, &thousand(), tenure).await.unwrap();
        assert!(self.accounts.exists(id).await);
        let at = self.accounts.0.clock.now().at;
        let found = self.accounts.0.venue.shared().with(|v| v.snapshot(id, Timestamp(0), at));
        found.unwrap().cash.iter().next().unwrap()
    }
}

fn thousand() -> Money {
    Money::new(1_000.into(), Currency::usd())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_the_venue_has_already_is_added_with_one_deposit() {
    let rig = Rig::new();
    let venue = rig.accounts.0.venue.clone();
    let (paid, unpaid) = (AccountId::new("paid").unwrap(), AccountId::new("unpaid").unwrap());
    let at = rig.accounts.0.clock.now().at;
    venue.open_account(&paid, &Policy::default(), &thousand(), at).unwrap();
    let bare = AccountSettings::default();
    venue.shared().with(|v| v.open_account(unpaid.clone(), bare)).unwrap();
    assert_eq!(rig.add(&paid).await, thousand(), "not twice");
    assert_eq!(rig.add(&unpaid).await, thousand());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_can_not_be_started_gives_its_lease_back() {
    let rig = Rig::new();
    let id = AccountId::new("absent").unwrap();
    rig.accounts.start(&id).await.unwrap_err();
    assert_eq!(rig.accounts.0.tenancy.token(&path::journal::StreamId::account(&id)), None);
}
