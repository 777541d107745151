//! Every planted fault still has its place in the sources, so that `tools/planted` can plant it.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::{fs, path::Path};

fn check(root: &Path, name: &str, file: &str, edit: &toml::Table) {
    let file = edit.get("file").map_or(file, |f| f.as_str().unwrap());
    let find = edit["find"].as_str().unwrap();
    let source = fs::read_to_string(root.join(file)).unwrap();
    assert_eq!(source.matches(find).count(), 1, "{name}: in {file}: {find}");
    assert_ne!(find, edit["replace"].as_str().unwrap(), "{name} changes nothing");
}

#[test]
fn every_planted_fault_has_its_place() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = folder.parent().unwrap().parent().unwrap();
    let mut count = 0;
    for entry in fs::read_dir(folder.join("planted")).unwrap() {
        let path = entry.unwrap().path();
        let fault: toml::Table = fs::read_to_string(&path).unwrap().parse().unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let file = fault["file"].as_str().unwrap();
        check(root, &name, file, &fault);
        let more = fault.get("also").and_then(|a| a.as_array()).into_iter().flatten();
        more.for_each(|edit| check(root, &name, file, edit.as_table().unwrap()));
        assert!(!fault["expect"].as_array().unwrap().is_empty(), "{name} expects nothing");
        count += 1;
    }
    assert!(count >= 20, "only {count} faults");
}
