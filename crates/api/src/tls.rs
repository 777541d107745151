//! The desk's own certificate: read from files, checked, and taken over when the files change.
//!
//! Whoever renews certificates writes files and need not know the desk, so the files are looked at
//! again while the desk runs. A new one that can't be used leaves the old one in place. It must not
//! know HTTP.

mod ends;

use std::{
    fmt,
    fs::File,
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use desk::clock::wall_time;
use sha2::{Digest, Sha256};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        Error, ServerConfig,
        crypto::{CryptoProvider, ring},
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
        server::{ClientHello, ResolvesServerCert},
        sign::CertifiedKey,
        version::{TLS12, TLS13},
    },
};

/// The largest file that is read. Chains have a few thousand bytes.
const FILE_MAX: u64 = 1024 * 1024;

/// Where the certificate is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate and those up to the authority's, PEM.
    pub chain: PathBuf,
    /// The private key of the first one, PEM.
    pub key: PathBuf,
}

/// Why a certificate can't be used, in words that say what to do.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file can't be read.
    #[error("{}: {source}; check the path and that the desk's user may read it", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A file that is no certificate or key by its size.
    #[error("{} has more than 1 MiB, so it is no certificate or key", .0.display())]
    TooLarge(PathBuf),
    /// The key is open to others.
    #[error(
        "{} holds the private key and has the mode {mode:04o}, so others may read or change it: \
         chmod 600 {}",
        file.display(), file.display()
    )]
    KeyExposed {
        /// The file.
        file: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// No certificate in the file.
    #[error("{} holds no certificate in PEM form; use the full chain (fullchain.pem)", .0.display())]
    NoCertificate(PathBuf),
    /// No key in the file.
    #[error(
        "{} holds no private key in PEM form that can be used; one that is encrypted with a \
         password must be decrypted first",
        .0.display()
    )]
    NoKey(PathBuf),
    /// The two don't belong together.
    #[error("the key in {} does not belong to the certificate in {}", key.display(), chain.display())]
    Mismatch {
        /// The key's file.
        key: PathBuf,
        /// The certificate's file.
        chain: PathBuf,
    },
    /// Something else that the TLS library says.
    #[error("the certificate in {} can't be used: {reason}", chain.display())]
    Unusable {
        /// The certificate's file.
        chain: PathBuf,
        /// What the library says.
        reason: Error,
    },
}

/// What looking again has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Renewal {
    /// The same files.
    Same,
    /// A new certificate, which new connections get.
    Taken,
}

/// A certificate that can be served. Clones share it.
#[derive(Clone)]
pub struct Certificate(Arc<Inner>);

struct Inner {
    files: TlsFiles,
    provider: Arc<CryptoProvider>,
    served: Arc<Served>,
    acceptor: TlsAcceptor,
}

/// What new connections get, and the digest of the files that it was made from.
struct Served(RwLock<(Arc<CertifiedKey>, [u8; 32])>);

impl fmt::Debug for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Served")
    }
}

impl ResolvesServerCert for Served {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.read().unwrap_or_else(PoisonError::into_inner).0.clone())
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Certificate").field(&self.0.files).finish()
    }
}

impl Certificate {
    /// Reads the files and checks them.
    ///
    /// # Errors
    /// Files that can't be read or used, a key that others may read, and one that belongs to
    /// another certificate.
    pub fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let found = Found::read(&files)?;
        let pair = found.pair(&files, &provider)?;
        let served = Arc::new(Served(RwLock::new((Arc::new(pair), found.digest()))));
        let unusable = |reason| TlsError::Unusable { chain: files.chain.clone(), reason };
        let mut config = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(unusable)?
            .with_no_client_auth()
            .with_cert_resolver(served.clone());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Ok(Self(Arc::new(Inner { files, provider, served, acceptor })))
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.0.acceptor.clone()
    }

    /// Looks at the files again. It waits for the disk.
    ///
    /// # Errors
    /// As [`Certificate::load`]; then the certificate stays as it was.
    pub(crate) fn renew(&self) -> Result<Renewal, TlsError> {
        let Inner { files, provider, served, .. } = &*self.0;
        let found = Found::read(files)?;
        let digest = found.digest();
        if served.0.read().unwrap_or_else(PoisonError::into_inner).1 == digest {
            return Ok(Renewal::Same);
        }
        let pair = Arc::new(found.pair(files, provider)?);
        *served.0.write().unwrap_or_else(PoisonError::into_inner) = (pair, digest);
        Ok(Renewal::Taken)
    }
}

/// The bytes of both files.
struct Found {
    chain: Vec<u8>,
    key: Vec<u8>,
}

impl Found {
    fn read(files: &TlsFiles) -> Result<Self, TlsError> {
        let (chain, _) = read(&files.chain)?;
        let (key, about) = read(&files.key)?;
        // Like PostgreSQL: a key of root may be for a group, as Debian's `ssl-cert`; others are not.
        let open = if about.uid() == 0 { 0o027 } else { 0o077 };
        let mode = about.mode() & 0o7777;
        if mode & open != 0 {
            return Err(TlsError::KeyExposed { file: files.key.clone(), mode });
        }
        Ok(Self { chain, key })
    }

    fn digest(&self) -> [u8; 32] {
        let length = (self.chain.len() as u64).to_be_bytes();
        Sha256::new()
            .chain_update(length)
            .chain_update(&self.chain)
            .chain_update(&self.key)
            .finalize()
            .into()
    }

    fn pair(&self, files: &TlsFiles, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
        let none = || TlsError::NoCertificate(files.chain.clone());
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.chain).collect();
        let chain = chain.map_err(|_| none())?;
        let first = chain.first().ok_or_else(none)?;
        let ends = ends::of(first);
        let key = PrivateKeyDer::from_pem_slice(&self.key)
            .map_err(|_| TlsError::NoKey(files.key.clone()))?;
        let pair = CertifiedKey::from_der(chain, key, provider).map_err(|reason| match reason {
            Error::InconsistentKeys(_) => {
                TlsError::Mismatch { key: files.key.clone(), chain: files.chain.clone() }
            }
            reason => TlsError::Unusable { chain: files.chain.clone(), reason },
        })?;
        if let Some(ends) = ends.filter(|ends| *ends <= wall_time()) {
            let file = files.chain.display();
            tracing::warn!(%file, %ends, "the certificate has expired: no browser takes it; renew it");
        }
        Ok(pair)
    }
}

fn read(path: &Path) -> Result<(Vec<u8>, std::fs::Metadata), TlsError> {
    let failed = |source| TlsError::Unreadable { file: path.to_owned(), source };
    // What is known of the file is asked of what was opened: it can't be exchanged in between.
    let file = File::open(path).map_err(failed)?;
    let about = file.metadata().map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(FILE_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > FILE_MAX {
        return Err(TlsError::TooLarge(path.to_owned()));
    }
    Ok((bytes, about))
}
