//! The ways in which a PKCS#12 is written.

use std::fmt;

/// Which algorithms a PFX is written with, and in which layout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// PBES2 with AES-256-CBC and PBKDF2 with HMAC-SHA-256, MAC by HMAC-SHA-256.
    #[default]
    Modern,
    /// The same with PBMAC1 (RFC 9579) as its MAC.
    Pbmac1,
    /// 3DES and SHA-1, for importers that know nothing newer.
    Compatible,
    /// The service's own layout (reference 4): the keys first, 3DES and SHA-1, 2,000 iterations.
    KeyVault,
}

impl Profile {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Modern, Self::Pbmac1, Self::Compatible, Self::KeyVault];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Modern => "modern",
            Self::Pbmac1 => "pbmac1",
            Self::Compatible => "compatible",
            Self::KeyVault => "key-vault",
        }
    }

    /// What to know before such a file is given to somebody.
    pub fn warning(self) -> Option<&'static str> {
        match self {
            Self::Modern => None,
            Self::Pbmac1 => Some(
                "OpenSSL reads PBMAC1 from 3.4 on; Java, NSS and GnuTLS of the years before 2024 do not, nor do Windows and macOS",
            ),
            Self::Compatible | Self::KeyVault => Some(
                "3DES, and SHA-1 with 2,000 iterations, protect the key weakly: whoever gets the file can guess at its password fast",
            ),
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
