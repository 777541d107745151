//! The emergency journal's file: what is kept, what is dropped, what is refused.

use std::{
    fs::{self, File},
    os::unix::fs::{FileExt, MetadataExt, PermissionsExt},
    path::PathBuf,
};

use domain::InstallationId;
use path::journal::{AppendError, Head, JournalStore, LeaseToken, StreamBatch};
use store::{
    EMERGENCY_FILE, EmergencyJournal, StoreError,
    emergency::{CAPACITY_DEFAULT, CAPACITY_MIN},
};
use tempfile::TempDir;

use crate::kit::{FileDesk, account, batch, last};

/// Where frames begin in the file.
const FRAMES_AT: u64 = 8192;

struct Rescue {
    tmp: TempDir,
    journal: Option<EmergencyJournal>,
}

impl Rescue {
    fn new() -> Self {
        let mut rescue = Self { tmp: tempfile::tempdir().unwrap(), journal: None };
        rescue.reopen().unwrap();
        rescue
    }

    fn path(&self) -> PathBuf {
        self.tmp.path().join(EMERGENCY_FILE)
    }

    fn reopen(&mut self) -> Result<&mut EmergencyJournal, StoreError> {
        self.journal = None;
        let installation = InstallationId::new("rescue").unwrap();
        let opened = EmergencyJournal::open(self.path(), &installation, CAPACITY_MIN)?;
        Ok(self.journal.insert(opened))
    }

    fn open(&mut self) -> &mut EmergencyJournal {
        self.journal.as_mut().unwrap()
    }

    /// Changes the closed file.
    fn poke(&mut self, at: u64, bytes: &[u8]) {
        self.journal = None;
        let file = File::options().write(true).open(self.path()).unwrap();
        file.write_all_at(bytes, at).unwrap();
    }

    fn tags(&self) -> Vec<String> {
        let entries = self.journal.as_ref().unwrap().entries().unwrap().entries;
        entries.iter().map(|entry| entry.record.body.to_string()).collect()
    }
}

/// Two batches of two records of one stream, appended one after the other.
fn with_two_batches() -> (Rescue, [StreamBatch; 2], u64) {
    let mut rescue = Rescue::new();
    let a = account("a");
    let journal = rescue.open();
    journal.begin(&a, Head::default()).unwrap();
    let first = batch(&a, Head::default(), 3, 2, "first");
    let second = batch(&a, last(&first), 3, 2, "second");
    let empty = journal.free_bytes();
    assert_eq!(journal.append(std::slice::from_ref(&first)), [Ok(())]);
    let second_at = FRAMES_AT + empty - journal.free_bytes();
    assert_eq!(journal.append(std::slice::from_ref(&second)), [Ok(())]);
    (rescue, [first, second], second_at)
}

#[test]
fn records_wait_across_restarts_and_merge_into_the_journal() {
    let (mut rescue, [first, second], _) = with_two_batches();
    rescue.reopen().unwrap();
    let found = rescue.open().entries().unwrap();
    assert!(!found.torn_tail);
    let records: Vec<_> = found.entries.iter().map(|entry| entry.record.clone()).collect();
    assert_eq!(records, [first.records, second.records].concat());
    assert_eq!(found.entries[3].token, LeaseToken(3));

    let (mut desk, _tmp) = FileDesk::temp();
    for entry in found.entries {
        let (stream, expected, token) = (entry.stream, entry.expected, entry.token);
        desk.append(StreamBatch { stream, expected, token, records: vec![entry.record] }).unwrap();
    }
    rescue.open().clear().unwrap();
    assert!(rescue.open().is_empty());
    assert!(rescue.reopen().unwrap().is_empty());
    assert_eq!(desk.read(&account("a")), records);
}

#[test]
fn the_blocks_are_there_before_they_are_needed() {
    let tmp = tempfile::tempdir().unwrap();
    let path = tmp.path().join(EMERGENCY_FILE);
    let installation = InstallationId::new("rescue").unwrap();
    EmergencyJournal::open(&path, &installation, CAPACITY_DEFAULT).unwrap();
    let meta = fs::metadata(&path).unwrap();
    assert_eq!(meta.len(), CAPACITY_DEFAULT);
    assert!(meta.blocks() * 512 >= CAPACITY_DEFAULT, "the file is sparse");
    assert_eq!(meta.permissions().mode() & 0o777, 0o600);

    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let grown = EmergencyJournal::open(&path, &installation, CAPACITY_DEFAULT * 2).unwrap();
    assert_eq!(grown.repairs()[0].was, 0o640);
    assert_eq!(grown.free_bytes(), CAPACITY_DEFAULT * 2 - FRAMES_AT);
    let too_small = EmergencyJournal::open(&path, &installation, 10).unwrap_err();
    assert_eq!(too_small.code(), "store_refused");
}

#[test]
fn heads_and_tokens_are_checked_like_in_the_journal() {
    let mut rescue = Rescue::new();
    let (a, b) = (account("a"), account("b"));
    let journal = rescue.open();
    let unknown = batch(&a, Head::default(), 1, 1, "x");
    assert!(matches!(journal.append(&[unknown]).remove(0), Err(AppendError::Io(_))));
    let start = last(&batch(&a, Head::default(), 1, 4, "main"));
    journal.begin(&a, start).unwrap();
    journal.begin(&b, Head::default()).unwrap();

    let good = batch(&a, start, 2, 1, "good");
    let stale = batch(&a, start, 2, 1, "stale");
    let fenced = batch(&a, last(&good), 1, 1, "fenced");
    let mut broken = batch(&b, Head::default(), 1, 2, "broken");
    broken.records.swap(0, 1);
    let other = batch(&b, Head::default(), 1, 1, "other");
    let outcomes = journal.append(&[good.clone(), stale, fenced, broken, other]);
    assert_eq!(outcomes[0], Ok(()));
    assert_eq!(outcomes[1], Err(AppendError::Conflict { expected: 4, found: 5 }));
    assert_eq!(outcomes[2], Err(AppendError::Fenced { held: 1, current: 2 }));
    assert!(matches!(outcomes[3], Err(AppendError::Io(_))));
    assert_eq!(outcomes[4], Ok(()));

    let elsewhere = journal.begin(&a, start).unwrap_err();
    assert_eq!(elsewhere, AppendError::Conflict { expected: 4, found: 5 });
    journal.begin(&a, last(&good)).unwrap();
    rescue.reopen().unwrap().begin(&a, last(&good)).unwrap();
    assert_eq!(rescue.tags().len(), 2);
}

#[test]
fn a_stream_without_waiting_records_can_be_begun_anew() {
    let mut rescue = Rescue::new();
    let (a, b) = (account("a"), account("b"));
    let journal = rescue.open();
    journal.begin(&a, Head::default()).unwrap();
    journal.begin(&b, Head::default()).unwrap();
    journal.append(&[batch(&a, Head::default(), 1, 1, "x")]).remove(0).unwrap();
    let moved = last(&batch(&b, Head::default(), 1, 2, "main"));
    journal.begin(&b, moved).unwrap();
    journal.append(&[batch(&b, moved, 1, 1, "y")]).remove(0).unwrap();
}

#[test]
fn a_torn_tail_is_dropped_and_said() {
    let (mut rescue, [first, second], second_at) = with_two_batches();
    rescue.poke(second_at + 100, b"torn");
    let journal = rescue.reopen().unwrap();
    let found = journal.entries().unwrap();
    assert!(found.torn_tail);
    assert_eq!(found.entries.len(), 2);
    journal.begin(&account("a"), last(&first)).unwrap();
    assert_eq!(journal.append(&[second]), [Ok(())]);
    assert_eq!(rescue.tags().len(), 4);
}

/// The last record of the batch is torn: the first one, although whole, was never acknowledged.
#[test]
fn half_a_batch_is_no_batch() {
    let (mut rescue, [_, _], second_at) = with_two_batches();
    let whole = fs::read(rescue.path()).unwrap();
    let at = usize::try_from(second_at).unwrap();
    let length = u32::from_be_bytes(whole[at..at + 4].try_into().unwrap());
    rescue.poke(second_at + 44 + u64::from(length), &[0; 44]);
    let found = rescue.reopen().unwrap().entries().unwrap();
    assert!(found.torn_tail);
    assert_eq!(found.entries.len(), 2);
}

/// The first frame of a write is lost and the second arrived. A later frame of the same length in
/// the first one's place must not bring the second one back.
#[test]
fn a_frame_behind_a_hole_never_comes_back() {
    let (mut rescue, [first, second], second_at) = with_two_batches();
    let lost = fs::read(rescue.path()).unwrap();
    rescue.poke(FRAMES_AT, &[0; 44]);
    let journal = rescue.reopen().unwrap();
    assert!(journal.is_empty());
    journal.begin(&account("a"), Head::default()).unwrap();
    assert_eq!(journal.append(&[first]), [Ok(())]);
    assert_eq!(rescue.tags().len(), 2);
    rescue.reopen().unwrap();
    assert_eq!(rescue.tags().len(), 2, "the second batch came back");
    let at = usize::try_from(second_at).unwrap();
    assert!(lost[at..at + 4] != [0; 4]);
    rescue.open().append(&[second]).remove(0).unwrap();
}

#[test]
fn every_single_cut_leaves_whole_batches_only() {
    let (mut rescue, _, _) = with_two_batches();
    let end = CAPACITY_MIN - rescue.open().free_bytes();
    let whole = fs::read(rescue.path()).unwrap();
    for cut in (FRAMES_AT..end).step_by(7) {
        rescue.poke(FRAMES_AT, &whole[usize::try_from(FRAMES_AT).unwrap()..]);
        rescue.poke(cut, &vec![0; usize::try_from(end - cut).unwrap()]);
        let found = rescue.reopen().unwrap().entries().unwrap();
        assert_eq!(found.entries.len() % 2, 0, "cut at {cut}");
    }
}

#[test]
fn clearing_survives_a_torn_header() {
    let (mut rescue, _, _) = with_two_batches();
    // Generation 1 is in the second slot, so clearing writes the first; here it was cut short.
    rescue.poke(0, b"CFEMERG\n\0\0\0");
    assert_eq!(rescue.reopen().unwrap().entries().unwrap().entries.len(), 4);
    rescue.open().clear().unwrap();
    rescue.poke(4096, &[0xff; 64]);
    assert!(rescue.reopen().unwrap().is_empty());
}

#[test]
fn waiting_records_are_never_overwritten_for_want_of_a_header() {
    let (mut rescue, _, _) = with_two_batches();
    rescue.poke(4096, &[0xff; 64]);
    let before = fs::read(rescue.path()).unwrap();
    assert_eq!(rescue.reopen().unwrap_err().code(), "store_corrupt");
    assert_eq!(fs::read(rescue.path()).unwrap(), before);
}

#[test]
fn making_the_file_can_be_interrupted() {
    for length in [0, 100, 8192, CAPACITY_MIN] {
        let mut rescue = Rescue::new();
        rescue.journal = None;
        fs::write(rescue.path(), vec![0; usize::try_from(length).unwrap()]).unwrap();
        let journal = rescue.reopen().unwrap();
        assert_eq!(journal.free_bytes(), CAPACITY_MIN - FRAMES_AT);
        journal.begin(&account("a"), Head::default()).unwrap();
        journal.append(&[batch(&account("a"), Head::default(), 0, 1, "x")]).remove(0).unwrap();
        assert_eq!(rescue.reopen().unwrap().entries().unwrap().entries.len(), 1);
    }
}

#[test]
fn another_installations_file_is_refused() {
    let (rescue, _, _) = with_two_batches();
    let other = InstallationId::new("other1").unwrap();
    let error = EmergencyJournal::open(rescue.path(), &other, CAPACITY_MIN).unwrap_err();
    assert_eq!(error.code(), "store_other_installation");
}

#[test]
fn a_full_file_refuses_what_does_not_fit_and_takes_what_does() {
    let mut rescue = Rescue::new();
    let (a, b) = (account("a"), account("b"));
    let journal = rescue.open();
    journal.begin(&a, Head::default()).unwrap();
    journal.begin(&b, Head::default()).unwrap();
    let huge = batch(&a, Head::default(), 0, 1_000, "huge");
    let small = batch(&b, Head::default(), 0, 1, "small");
    assert_eq!(journal.append(&[huge, small]), [Err(AppendError::Full), Ok(())]);
    assert_eq!(rescue.tags().len(), 1);
}

#[test]
fn what_can_not_be_merged_is_kept_in_a_file_that_people_read() {
    let (mut rescue, [first, second], _) = with_two_batches();
    let entries = rescue.open().entries().unwrap().entries;
    let told = || entries.iter().map(|e| (&e.stream, e.token, &e.record));
    let path = rescue.open().set_aside(told()).unwrap();
    assert_eq!(rescue.open().set_aside(told()).unwrap(), path, "once for a generation");
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), first.records.len() + second.records.len());
    assert_eq!((&lines[0]["stream"], &lines[0]["token"]), (&"account/a".into(), &3.into()));
    assert_eq!(lines[3]["record"]["body"], *second.records[1].body);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!rescue.open().is_empty(), "only the clearing empties the journal");
}
