//! Runs one test again in a child process: to be killed, or on a disk of its own.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Output},
};

const DIR: &str = "COFFERDAM_TEST_CHILD_DIR";
/// The exit code with which a child says that the system doesn't let it have what it needs.
const UNAVAILABLE: i32 = 77;

/// The folder to work in, when this process is such a child.
pub(crate) fn child_dir() -> Option<PathBuf> {
    env::var_os(DIR).map(PathBuf::from)
}

/// This test binary, told to run only `test` in `dir`, behind the words of `wrapper`.
pub(crate) fn command(wrapper: &[&str], test: &str, dir: &Path) -> Command {
    let mut words: Vec<std::ffi::OsString> = wrapper.iter().map(Into::into).collect();
    words.push(env::current_exe().unwrap().into());
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).args(["--exact", test, "--nocapture"]).env(DIR, dir);
    command
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// What came of running a test on a disk of its own.
pub(crate) enum Ran {
    Passed,
    Unavailable(String),
}

/// Runs `test` with `setup` (shell, `$DIR` is the folder) done in a mount namespace that vanishes
/// with it.
pub(crate) fn on_own_disk(test: &str, setup: &str, needs_root: bool) -> Ran {
    if needs_root && !is_root() {
        return Ran::Unavailable("only root may do this".to_owned());
    }
    let tmp = tempfile::tempdir().unwrap();
    let script =
        format!("DIR=${DIR}; {{ {setup}; }} >&2 || exit {UNAVAILABLE}; exec \"$0\" \"$@\"");
    let unshare: &[&str] = if is_root() { &["unshare", "-m"] } else { &["unshare", "-r", "-m"] };
    let wrapper = [unshare, &["sh", "-c", &script]].concat();
    match command(&wrapper, test, tmp.path()).output() {
        Ok(output) if output.status.code() == Some(UNAVAILABLE) || output.stdout.is_empty() => {
            Ran::Unavailable(String::from_utf8_lossy(&output.stderr).into_owned())
        }
        Ok(output) => {
            assert_passed(test, &output);
            Ran::Passed
        }
        Err(error) => Ran::Unavailable(error.to_string()),
    }
}

/// Fails unless the child ran exactly the named test and it passed.
pub(crate) fn assert_passed(test: &str, output: &Output) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    let passed = output.status.success() && stdout.contains("test result: ok. 1 passed");
    assert!(passed, "{test} failed in its child: {:?}\n{stdout}\n{stderr}", output.status);
}
