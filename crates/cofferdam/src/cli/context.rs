//! Where the command works: which data folder, which desk, with which key.
//!
//! Options come before the environment, the environment before the defaults. This module must not
//! read more than it is asked for: a command about files needs no key.

use std::{
    env,
    path::{Path, PathBuf},
    time::Duration,
};

use store::{DatabaseUrl, Reader};

use crate::serve::people::LOCAL_KEY_FILE;

use super::{
    args::{Global, Secret},
    client::{Api, Base},
    failure::Failure,
    key::Key,
};

/// The environment variable with the key itself.
const KEY_VARIABLE: &str = "COFFERDAM_KEY";
/// The file with the key in a data folder until somebody exists; then it is `local.key`.
const KEY_FILE: &str = "bootstrap.key";

const URL_DEFAULT: &str = "http://127.0.0.1:3000";

/// The options that every command shares, resolved.
#[derive(Debug)]
pub(crate) struct Context {
    global: Global,
}

impl Context {
    /// The options as they were given.
    pub(crate) fn new(global: Global) -> Self {
        Self { global }
    }

    /// True when JSON is asked for.
    pub(crate) fn json(&self) -> bool {
        self.global.json
    }

    /// The data folder, which need not exist.
    pub(crate) fn data_dir(&self) -> Result<PathBuf, Failure> {
        match &self.global.data_dir {
            Some(dir) => Ok(dir.clone()),
            None => {
                default_data_dir(|name| env::var_os(name).map(PathBuf::from)).ok_or_else(|| {
                    Failure::usage("HOME is not set; name the data folder with --data-dir")
                })
            }
        }
    }

    /// The data folder, which must exist.
    pub(crate) fn existing_data_dir(&self) -> Result<PathBuf, Failure> {
        let dir = self.data_dir()?;
        if dir.is_dir() {
            return Ok(dir);
        }
        let message = format!(
            "there is no data folder {}; name it with --data-dir, or make it by starting the desk: \
             cofferdam up",
            dir.display()
        );
        Err(Failure::new("no_data_dir", message))
    }

    /// The desk's database on a server, when it is on one.
    pub(crate) fn database_url(&self) -> Result<Option<DatabaseUrl>, Failure> {
        let given = self.global.database_url.as_ref().map(Secret::reveal);
        given.filter(|url| !url.is_empty()).map(|url| Ok(url.parse()?)).transpose()
    }

    /// Reads the journal beside a desk that may be running: on the server when one is named, else
    /// in the data folder.
    pub(crate) fn journal(&self) -> Result<Reader, Failure> {
        match self.database_url()? {
            Some(url) => journal_on(&url),
            None => journal_in(&self.existing_data_dir()?),
        }
    }

    /// As [`Context::journal`], for a folder that was looked at already.
    pub(crate) fn journal_beside(&self, dir: &Path) -> Result<Reader, Failure> {
        match self.database_url()? {
            Some(url) => journal_on(&url),
            None => journal_in(dir),
        }
    }

    /// The desk's address.
    pub(crate) fn base(&self) -> Result<Base, Failure> {
        Base::parse(self.global.url.as_deref().unwrap_or(URL_DEFAULT))
    }

    /// A client of the running desk.
    pub(crate) fn api(&self) -> Result<Api, Failure> {
        self.api_within(Duration::from_secs(30))
    }

    /// A client of the running desk that gives up after some time.
    pub(crate) fn api_within(&self, patience: Duration) -> Result<Api, Failure> {
        Api::new(self.base()?, &self.key()?, patience)
    }

    fn key(&self) -> Result<Key, Failure> {
        if let Some(file) = &self.global.key_file {
            return Key::read(file);
        }
        match env::var(KEY_VARIABLE) {
            Ok(text) if !text.is_empty() => Key::parse(&text, KEY_VARIABLE),
            _ => {
                let dir = self.data_dir()?;
                let local = dir.join(LOCAL_KEY_FILE);
                Key::read(&if local.exists() { local } else { dir.join(KEY_FILE) })
            }
        }
    }
}

/// Reads the journal on a server.
fn journal_on(url: &DatabaseUrl) -> Result<Reader, Failure> {
    Reader::find_on_server(url)?.ok_or_else(|| {
        let message =
            format!("there is no journal in the {url}; a desk makes it at its first start");
        Failure::new("no_journal", message)
    })
}

/// Reads the journal of a data folder.
pub(crate) fn journal_in(dir: &Path) -> Result<Reader, Failure> {
    let file = dir.join(store::JOURNAL_FILE);
    if !file.exists() {
        let message = format!(
            "there is no journal in {}; a desk makes it at its first start: cofferdam up",
            dir.display()
        );
        return Err(Failure::new("no_journal", message));
    }
    Ok(Reader::open(file)?)
}

/// The data folder when none is named.
pub(crate) fn default_data_dir(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    // The XDG specification says that a relative path counts as none.
    let data = variable("XDG_DATA_HOME").filter(|dir| dir.is_absolute());
    let home = || variable("HOME").filter(|dir| dir.is_absolute());
    let data = data.or_else(|| home().map(|home| home.join(".local/share")));
    data.map(|data| data.join("cofferdam"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_folder_follows_the_xdg_specification() {
        let with = |data: Option<&str>, home: Option<&str>| {
            let (data, home) = (data.map(PathBuf::from), home.map(PathBuf::from));
            default_data_dir(move |name| match name {
                "XDG_DATA_HOME" => data.clone(),
                _ => home.clone(),
            })
        };
        let path = |text: &str| Some(PathBuf::from(text));
        assert_eq!(with(Some("/data"), Some("/home/a")), path("/data/cofferdam"));
        assert_eq!(with(Some("data"), Some("/home/a")), path("/home/a/.local/share/cofferdam"));
        assert_eq!(with(None, None), None);
    }
}
