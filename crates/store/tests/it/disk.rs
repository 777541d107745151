//! Full disks, failing writes and failing syncs, as the kernel really reports them.

use std::{
    fs::{self, File},
    io::Write,
    os::unix::fs::FileExt,
    path::Path,
    process::Command,
};

use domain::InstallationId;
use path::journal::{AppendError, Head, JournalStore};
use rustix::process::{Resource, Rlimit, setrlimit};
use store::{
    EMERGENCY_FILE, EmergencyJournal, LeaseError, StoreError,
    emergency::{CAPACITY_DEFAULT, CAPACITY_MIN},
    verify,
};

use crate::{
    isolation::{Ran, assert_passed, child_dir, command, on_own_disk},
    kit::{FileDesk, MINUTE, NOW, account, batch, last},
};

/// Takes every free byte of the file system and returns how many there were.
fn fill(path: &Path) -> u64 {
    let mut file = File::create(path).unwrap();
    for size in [64 * 1024, 4096] {
        while file.write_all(&vec![7; size]).is_ok() {}
    }
    file.metadata().unwrap().len()
}

fn emergency(dir: &Path, capacity: u64) -> EmergencyJournal {
    let installation = InstallationId::new("disk01").unwrap();
    EmergencyJournal::open(dir.join(EMERGENCY_FILE), &installation, capacity).unwrap()
}

fn sound(desk: &FileDesk) -> u64 {
    let report = verify(&desk.db.reader(), None, &mut |_| {}).unwrap();
    assert!(report.is_sound(), "{report:?}");
    report.records
}

/// Leaves a file limit instead of a small disk where the system allows no mounts.
fn with_file_limit(test: &str) {
    let tmp = tempfile::tempdir().unwrap();
    let wrapper = ["sh", "-c", "trap '' XFSZ; exec \"$0\" \"$@\""];
    let output = command(&wrapper, test, tmp.path()).output().unwrap();
    assert_passed(test, &output);
}

fn limit_files_to(bytes: Option<u64>) {
    setrlimit(Resource::Fsize, Rlimit { current: bytes, maximum: None }).unwrap();
}

#[test]
fn a_full_disk_refuses_everything_and_recovers() {
    if let Some(dir) = child_dir() {
        return full_disk(&dir);
    }
    let test = "disk::a_full_disk_refuses_everything_and_recovers";
    if let Ran::Unavailable(why) = on_own_disk(test, "mount -t tmpfs -o size=6m none $DIR", false) {
        println!("no small disk ({why}): a failing write is tested by its sibling instead");
        with_file_limit("disk::a_failing_write_closes_the_journal");
    }
}

fn full_disk(dir: &Path) {
    let (a, b) = (account("a"), account("b"));
    let mut desk = FileDesk::open(dir);
    desk.db.leases().acquire("desk", "x", MINUTE, NOW).unwrap();
    let mut head = desk.grow(&a, 3).unwrap();
    let filler = dir.join("filler");
    assert!(fill(&filler) > 1 << 20);

    let batches = [batch(&a, head, 0, 900, "large"), batch(&b, Head::default(), 0, 1, "small")];
    let full = [Err(AppendError::Full), Err(AppendError::Full)];
    assert_eq!(desk.journal.append(&batches), full);
    assert_eq!(desk.journal.append(&batches), full, "the store stays in use");
    assert!(!desk.db.is_dead());
    assert_eq!((desk.head(&a), desk.head(&b)), (head, Head::default()));
    let error = desk.db.backup_to(dir.join("copy")).unwrap_err();
    assert!(matches!(error, StoreError::Full(_)), "{error}");
    assert!(!dir.join("copy").exists() && !dir.join("copy.part").exists());
    assert!(full_or_done(desk.db.leases().acquire("desk", "x", MINUTE, NOW)));

    drop(desk);
    desk = FileDesk::open(dir);
    assert_eq!(desk.head(&a), head, "a full disk does not keep a desk from starting");
    assert_eq!(desk.journal.append(&batches), full);

    fs::remove_file(&filler).unwrap();
    assert_eq!(desk.journal.append(&batches), [Ok(()), Ok(())]);
    head = last(&batches[0]);
    assert_eq!(sound(&desk), 904);

    // Every remainder of room, so that the disk fills at every stage of a commit.
    for free in (0..40).map(|pages| pages * 4096) {
        let filled = fill(&filler);
        File::options().write(true).open(&filler).unwrap().set_len(filled - free).unwrap();
        let batch = batch(&a, head, 0, 150, "edge");
        match desk.append(batch.clone()) {
            Ok(()) => head = last(&batch),
            Err(error) => assert_eq!(error, AppendError::Full, "{free} bytes were free"),
        }
        fs::remove_file(&filler).unwrap();
        assert_eq!(desk.head(&a), head);
        if desk.db.path().metadata().unwrap().len() > 2 << 20 {
            break;
        }
    }
    assert!(!desk.db.is_dead());
    head = desk.grow(&a, 1).unwrap();
    drop(desk);
    let desk = FileDesk::open(dir);
    assert_eq!(desk.head(&a), head);
    sound(&desk);
}

fn full_or_done<T>(result: Result<T, LeaseError>) -> bool {
    matches!(result, Ok(_) | Err(LeaseError::Store(StoreError::Full(_))))
}

#[test]
fn a_failing_write_closes_the_journal() {
    if let Some(dir) = child_dir() {
        return failing_write(&dir);
    }
    with_file_limit("disk::a_failing_write_closes_the_journal");
}

/// The limit makes the kernel answer EFBIG, which is neither success nor a full disk.
fn failing_write(dir: &Path) {
    let a = account("a");
    let mut desk = FileDesk::open(dir);
    let head = desk.grow(&a, 50).unwrap();
    let wal = dir.join("cofferdam.sqlite-wal").metadata().unwrap().len();
    limit_files_to(Some(wal + 4096));
    let large = batch(&a, head, 0, 500, "large");
    let error = desk.append(large.clone()).unwrap_err();
    assert!(matches!(error, AppendError::Io(_)), "{error}");
    limit_files_to(None);
    assert_eq!(desk.append(large.clone()), Err(AppendError::Dead));
    assert!(desk.db.is_dead());
    assert_eq!(desk.db.journal().unwrap_err().code(), "store_dead");
    assert_eq!(desk.head(&a), head, "what was written before can be read");

    drop(desk);
    let mut desk = FileDesk::open(dir);
    assert_eq!(desk.head(&a), head);
    desk.append(large).unwrap();
    assert_eq!(sound(&desk), 550);
}

#[test]
fn a_failed_sync_closes_the_journal_even_when_the_cause_was_a_full_disk() {
    if let Some(dir) = child_dir() {
        return failed_sync(&dir);
    }
    let test = "disk::a_failed_sync_closes_the_journal_even_when_the_cause_was_a_full_disk";
    // A file system whose device is a sparse file on a disk that gets full: writes are taken into
    // memory and only the sync fails.
    let setup = "mount -t tmpfs -o size=24m none $DIR && truncate -s 64M $DIR/device \
        && mkfs.ext4 -q -J size=4 $DIR/device && mkdir $DIR/disk \
        && mount -o loop $DIR/device $DIR/disk";
    if let Ran::Unavailable(why) = on_own_disk(test, setup, true) {
        println!("no loop device ({why}): a failing write stands in for a failing sync");
        with_file_limit("disk::a_failing_write_closes_the_journal");
    }
}

fn failed_sync(dir: &Path) {
    let (a, data) = (account("a"), dir.join("disk/data"));
    let mut desk = FileDesk::open(&data);
    let mut rescue = emergency(&data, CAPACITY_DEFAULT);
    let mut head = Head::default();
    for _ in 0..20 {
        head = desk.grow(&a, 10).unwrap();
    }
    let filler = dir.join("filler");
    fill(&filler);
    let error = loop {
        let batch = batch(&a, head, 0, 200, "doomed");
        match desk.append(batch.clone()) {
            Ok(()) => head = last(&batch),
            Err(error) => break error,
        }
        assert!(head.seq < 1_000_000, "the sync never failed");
    };
    assert!(matches!(error, AppendError::Io(_)), "{error}");
    fs::remove_file(&filler).unwrap();
    assert_eq!(desk.grow(&a, 1), Err(AppendError::Dead), "room does not revive it");
    assert_eq!(desk.head(&a), head);

    rescue.begin(&a, head).unwrap();
    let outcome = rescue.append(&[batch(&a, head, 0, 1, "exit")]).remove(0);
    println!("the emergency journal on the same broken disk answered {outcome:?}");
    drop((desk, rescue));
    remount(dir);
    let mut desk = FileDesk::open(&data);
    assert!(desk.head(&a).seq >= head.seq, "an acknowledged record is gone");
    sound(&desk);
    desk.grow(&a, 500).unwrap();
    sound(&desk);
}

/// Drops what the kernel has cached of the disk, as a restart of the machine would.
fn remount(dir: &Path) {
    let script =
        "umount $DIR/disk && { e2fsck -fy $DIR/device; mount -o loop $DIR/device $DIR/disk; }";
    let output = Command::new("sh").args(["-c", script]).env("DIR", dir).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_emergency_journal_needs_no_free_byte() {
    if let Some(dir) = child_dir() {
        return no_free_byte(&dir);
    }
    let test = "disk::the_emergency_journal_needs_no_free_byte";
    if let Ran::Unavailable(why) = on_own_disk(test, "mount -t tmpfs -o size=5m none $DIR", false) {
        println!("no small disk ({why}): a file limit stands in");
        with_file_limit("disk::the_emergency_journal_does_not_grow");
    }
}

fn no_free_byte(dir: &Path) {
    let a = account("a");
    let mut journal = emergency(dir, CAPACITY_DEFAULT);
    fill(&dir.join("filler"));
    assert!(fs::write(dir.join("one"), "x").is_err(), "the disk has room left");
    journal.begin(&a, Head::default()).unwrap();
    let mut head = Head::default();
    let mut count = 0;
    loop {
        let batch = batch(&a, head, 1, 5, "exit");
        head = match journal.append(std::slice::from_ref(&batch)).remove(0) {
            Ok(()) => last(&batch),
            Err(error) => break assert_eq!(error, AppendError::Full),
        };
        count += 5;
    }
    assert!(count > 5_000, "{count} records fit");
    assert_eq!(journal.entries().unwrap().entries.len(), count);
    drop(journal);
    let mut journal = emergency(dir, CAPACITY_DEFAULT * 2);
    assert_eq!(journal.entries().unwrap().entries.len(), count, "reopened on the full disk");
    journal.clear().unwrap();
    journal.begin(&a, head).unwrap();
    assert_eq!(journal.append(&[batch(&a, head, 1, 1, "exit")]), [Ok(())]);
}

#[test]
fn the_emergency_journal_does_not_grow() {
    if let Some(dir) = child_dir() {
        let a = account("a");
        drop(emergency(&dir, CAPACITY_MIN));
        limit_files_to(Some(CAPACITY_MIN));
        let mut journal = emergency(&dir, CAPACITY_MIN);
        let file = File::options().write(true).open(dir.join(EMERGENCY_FILE)).unwrap();
        assert!(file.write_at(b"x", CAPACITY_MIN).is_err(), "the limit does not hold");
        journal.begin(&a, Head::default()).unwrap();
        let mut head = Head::default();
        loop {
            let batch = batch(&a, head, 1, 1, "exit");
            match journal.append(std::slice::from_ref(&batch)).remove(0) {
                Ok(()) => head = last(&batch),
                Err(error) => break assert_eq!(error, AppendError::Full),
            }
        }
        return assert!(head.seq > 50, "{}", head.seq);
    }
    with_file_limit("disk::the_emergency_journal_does_not_grow");
}
