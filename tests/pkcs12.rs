//! PFX files, ours judged by other programs and other programs' judged by us.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256K1_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING,
    ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair as _,
};
use base64::Engine as _;
use coldcert::key::SecretDer;
use coldcert::pem;
use coldcert::pkcs12::{self, BagContents, Contents, Entry, Password, Pfx, Pkcs12Error, Profile, Safe};
use p12_keystore::Pkcs12Archive;
use proptest::prelude::*;
use zeroize::Zeroizing;

use support::shared;

#[test]
fn every_kind_of_key_is_read_back_as_it_was_written_by_each_profile_under_each_kind_of_password() {
    for (kind, key) in keys() {
        for profile in Profile::ALL {
            for password in passwords() {
                let what = format!("{kind}, {profile}, {password}");
                let contents =
                    pkcs12::read(&key.pfx("www", &password, profile), std::slice::from_ref(&password))
                        .unwrap();
                let [bag] = contents.private_keys.as_slice() else { panic!("{what}") };
                assert!(bag.private_key.secret_der() == key.pkcs8.secret_der(), "{what}: another key");
                assert_eq!(certificates(&contents), key.chain(), "{what}");
                assert_eq!(contents.password, Some(password), "{what}");
                let ids: Vec<_> =
                    contents.certificates.iter().map(|bag| bag.attributes.local_key_id.as_deref()).collect();
                assert_eq!(ids, [bag.attributes.local_key_id.as_deref(), None, None], "{what}");
                assert!(ids[0].is_some(), "{what}");
                if profile != Profile::KeyVault {
                    let names: Vec<_> = contents
                        .certificates
                        .iter()
                        .map(|bag| bag.attributes.friendly_name.as_deref())
                        .collect();
                    assert_eq!(
                        (bag.attributes.friendly_name.as_deref(), names),
                        (Some("www"), vec![Some("www"), None, None])
                    );
                }
            }
        }
    }
}

#[test]
fn no_password_the_empty_one_and_another_do_not_open_each_other() {
    for profile in Profile::ALL {
        for written in passwords() {
            let pfx = P256.pfx("www", &written, profile);
            for tried in passwords() {
                let opened = pkcs12::read(&pfx, std::slice::from_ref(&tried));
                // PBKDF2 knows no difference between no octets and no password; RFC 7292 B.1 does.
                let is_the_same = written == tried
                    || profile == Profile::Pbmac1 && written.protects_nothing() && tried.protects_nothing();
                match opened {
                    Ok(_) => assert!(is_the_same, "{profile}: {written} opened by {tried}"),
                    Err(Pkcs12Error::WrongPassword { .. }) if !is_the_same => {}
                    // PBES2 alone does not tell the two apart, the MAC does.
                    Err(Pkcs12Error::MacDisagrees) if profile == Profile::Modern && !is_the_same => {}
                    Err(error) => panic!("{profile}: {written} by {tried}: {error}"),
                }
            }
            assert_eq!(pkcs12::read(&pfx, &Password::unstated()).is_ok(), written.protects_nothing());
        }
    }
}

#[test]
fn key_vault_s_layout_is_that_of_the_service() {
    let layout = |key: &Key, with_key: bool| {
        let entry = Entry {
            friendly_name: "www",
            private_key: with_key.then_some(&key.pkcs8),
            certificates: &key.chain(),
        };
        let pfx = pkcs12::write(&[entry], &Password::new(""), Profile::KeyVault).unwrap();
        Pfx::parse(&pfx).unwrap()
    };
    for (kind, key) in keys() {
        let pfx = layout(key, true);
        let [Safe::Open(bags), Safe::Encrypted(certificates)] = pfx.safes.as_slice() else {
            panic!("{kind}")
        };
        let [bag] = bags.as_slice() else { panic!("{kind}") };
        let BagContents::ShroudedKey(shrouded) = &bag.contents else { panic!("{kind}") };
        let scheme = "3DES-CBC by PKCS#12's own derivation with SHA-1, 2000 iterations";
        assert_eq!(shrouded.scheme.as_ref().unwrap().to_string(), scheme);
        assert_eq!(certificates.scheme.as_ref().unwrap().to_string(), scheme);
        assert_eq!(pfx.mac.unwrap().scheme.to_string(), "HMAC-SHA-1, 2000 iterations");
        assert_eq!(bag.attributes.local_key_id.as_deref(), Some(&[1, 0, 0, 0][..]));
        let (name, provider) = (bag.attributes.friendly_name.as_deref(), bag.attributes.provider.as_deref());
        if kind.starts_with("RSA") {
            let dashes: Vec<usize> = name.unwrap().match_indices('-').map(|(at, _)| at).collect();
            assert_eq!((dashes, name.unwrap().len()), (vec![8, 13, 18, 23], 36));
            assert_eq!(provider, Some("Microsoft Enhanced RSA and AES Cryptographic Provider"));
        } else {
            assert_eq!((name, provider), (None, Some("Microsoft Software Key Storage Provider")));
        }
    }
    let pfx = layout(&P256, false);
    assert!(matches!(pfx.safes.as_slice(), [Safe::Encrypted(_)]));
    let contents = pfx.open(&[Password::new("")]).unwrap();
    assert!(contents.certificates.iter().all(|bag| bag.attributes == pkcs12::Attributes::default()));
}

#[test]
fn without_a_key_the_certificates_keep_their_order() {
    let chain: Vec<Vec<u8>> = (0..120).rev().map(|n| certificate(&P256.spki, &format!("CA {n}"))).collect();
    let chain: Vec<&[u8]> = chain.iter().map(Vec::as_slice).collect();
    for count in [1, 2, 9, 10, 120] {
        let entry = Entry { friendly_name: "www", private_key: None, certificates: &chain[..count] };
        let pfx = pkcs12::write(&[entry], &Password::new(""), Profile::Modern).unwrap();
        let contents = pkcs12::read(&pfx, &Password::unstated()).unwrap();
        assert!(contents.private_keys.is_empty());
        assert_eq!(certificates(&contents), &chain[..count]);
        assert!(contents.certificates.iter().all(|bag| bag.attributes.trusted_by_java));
        assert_eq!(contents.certificates[0].attributes.friendly_name.as_deref(), Some("www"));
    }
}

#[test]
fn several_entries_keep_their_keys_apart_and_share_their_issuers() {
    let (one, two) = (&P256, &keys()[0].1);
    let issuer = one.issuer.as_slice();
    for profile in Profile::ALL {
        let entries = [
            Entry { friendly_name: "one", private_key: Some(&one.pkcs8), certificates: &[&one.leaf, issuer] },
            Entry { friendly_name: "two", private_key: Some(&two.pkcs8), certificates: &[&two.leaf, issuer] },
        ];
        let pfx = pkcs12::write(&entries, &Password::new("geheim"), profile).unwrap();
        let contents = pkcs12::read(&pfx, &[Password::new("geheim")]).unwrap();
        assert_eq!(certificates(&contents), [one.leaf.as_slice(), issuer, two.leaf.as_slice()], "{profile}");
        for (bag, key) in contents.private_keys.iter().zip([one, two]) {
            assert!(bag.private_key.secret_der() == key.pkcs8.secret_der());
            let id = bag.attributes.local_key_id.as_ref();
            let leaf = contents.certificates.iter().find(|leaf| leaf.attributes.local_key_id.as_ref() == id);
            assert_eq!(leaf.unwrap().certificate, key.leaf);
        }
    }
}

#[test]
fn odd_names_are_kept() {
    let long = "a".repeat(127);
    for name in ["", &*long, "München ☺", "a/b\"c", "smile 😀"] {
        let pfx = P256.pfx(name, &Password::new(""), Profile::Modern);
        let contents = pkcs12::read(&pfx, &Password::unstated()).unwrap();
        assert_eq!(contents.private_keys[0].attributes.friendly_name.as_deref(), Some(name));
    }
}

#[test]
fn what_cannot_be_written_is_refused_with_a_reason() {
    let leaf = P256.leaf.as_slice();
    let refusal = |key, certificates: &[&[u8]]| {
        let entry = Entry { friendly_name: "a", private_key: key, certificates };
        let error = pkcs12::write(&[entry], &Password::Absent, Profile::Modern).unwrap_err();
        assert!(!error.help().is_empty());
        error
    };
    let not_a_key = SecretDer::new(Zeroizing::new(vec![0x30, 0]));
    assert_eq!(refusal(None, &[]), Pkcs12Error::NoCertificate);
    assert_eq!(refusal(Some(&not_a_key), &[leaf]), Pkcs12Error::PrivateKey);
    assert_eq!(pkcs12::write(&[], &Password::Absent, Profile::Modern), Err(Pkcs12Error::NoCertificate));
}

#[test]
fn a_wrong_password_a_changed_file_an_unknown_algorithm_and_another_kind_of_file_are_told_apart() {
    let right = Password::new("right");
    for profile in Profile::ALL {
        let pfx = P256.pfx("www", &right, profile);
        for wrong in ["", "wrong", "Right"] {
            let error = pkcs12::read(&pfx, &[Password::new(wrong)]).unwrap_err();
            let was_given = !wrong.is_empty();
            assert_eq!(error, Pkcs12Error::WrongPassword { authenticates: false, was_given }, "{profile}");
        }
        let mut changed = pfx.to_vec();
        let at = mac_value_at(&changed);
        changed[at] ^= 1;
        assert_eq!(
            pkcs12::read(&changed, std::slice::from_ref(&right)).unwrap_err(),
            Pkcs12Error::MacDisagrees,
            "{profile}"
        );
        for cut in [1, 2, 10, pfx.len() / 2] {
            let error = pkcs12::read(&pfx[..pfx.len() - cut], std::slice::from_ref(&right)).unwrap_err();
            assert!(matches!(error, Pkcs12Error::Damaged(_)), "{cut}: {error}");
        }
    }
    // The hash of the MAC made MD5 (1.2.840.113549.2.5), in as many octets; the cipher made RC4.
    let pfx = P256.pfx("www", &right, Profile::Compatible).to_vec();
    let unknown = |from: &[u8], to: &[u8]| {
        let mut changed = pfx.clone();
        let at = changed.windows(from.len()).rposition(|window| window == from).unwrap();
        changed[at..at + to.len()].copy_from_slice(to);
        pkcs12::read(&changed, std::slice::from_ref(&right)).unwrap_err().to_string()
    };
    let sha_1 = &[6, 5, 0x2b, 14, 3, 2, 26];
    assert_eq!(
        unknown(sha_1, &[6, 5, 0x2b, 14, 3, 2, 7]),
        "the MAC of the PFX uses DES (1.3.14.3.2.7), which is not known here"
    );
    let triple_des = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1, 3];
    let said = unknown(triple_des, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1, 1]);
    // The MAC is looked at first, and it is another now.
    assert!(said.contains("RC4 with 128 bits") || said.starts_with("the MAC does not agree"), "{said}");
    for other in [&b""[..], b"-----BEGIN CERTIFICATE-----", P256.pkcs8.secret_der(), &P256.leaf] {
        let error = pkcs12::read(other, &[Password::Absent]).unwrap_err();
        assert!(matches!(error, Pkcs12Error::NotPfx { .. }), "{error}");
    }
    // What is too large for a PFX can be another kind of file, which is read otherwise.
    let mut large = vec![0; pkcs12::INPUT_BYTES_MAX + 1];
    let error = pkcs12::read(&large, &[Password::Absent]).unwrap_err();
    assert!(matches!(error, Pkcs12Error::NotPfx { .. }), "{error}");
    large[..10].copy_from_slice(&[0x30, 0x84, 0, 0x40, 0, 0, 2, 1, 3, 0x30]);
    let error = pkcs12::read(&large, &[Password::Absent]).unwrap_err();
    assert!(matches!(error, Pkcs12Error::TooLarge { .. }), "{error}");
}

#[test]
fn a_file_that_asks_for_endless_derivation_is_refused_before_it_begins() {
    let pfx = P256.pfx("www", &Password::new(""), Profile::Modern);
    // 2048 as an INTEGER; the encryption of the certificates, that of the key, and the MAC.
    let counts: Vec<usize> = (0..pfx.len() - 3).filter(|&at| pfx[at..at + 4] == [2, 2, 8, 0]).collect();
    assert_eq!(counts.len(), 3);
    for at in counts {
        // A negative number of the same length: no count at all, and the lengths around it stay right.
        let mut endless = pfx.to_vec();
        endless[at + 2] = 0x88;
        let error = pkcs12::read(&endless, &Password::unstated()).unwrap_err();
        let is_refused = matches!(
            error,
            Pkcs12Error::Iterations { .. } | Pkcs12Error::Unsupported { .. } | Pkcs12Error::MacDisagrees
        );
        assert!(is_refused || matches!(error, Pkcs12Error::WrongPassword { .. }), "{error}");
    }
    // PFX { 3, Data { SEQUENCE {} }, MacData { SHA-1, salt, 0x7fffffff } }
    let mac = tlv(0x30, &[&tlv(0x30, &[&tlv(6, &[&[0x2b, 14, 3, 2, 26]])]), &tlv(4, &[&[0; 20]])]);
    let mac_data = tlv(0x30, &[&mac, &tlv(4, &[&[0; 8]]), &tlv(2, &[&[0x7f, 0xff, 0xff, 0xff]])]);
    let contents = tlv(4, &[&tlv(0x30, &[])]);
    let data = tlv(0x30, &[&tlv(6, &[&[42, 134, 72, 134, 247, 13, 1, 7, 1]]), &tlv(0xa0, &[&contents])]);
    let pfx = tlv(0x30, &[&tlv(2, &[&[3]]), &data, &mac_data]);
    assert_eq!(
        pkcs12::read(&pfx, &Password::unstated()).unwrap_err().to_string(),
        "the PFX asks for 2147483647 iterations of key derivation, expected at most 6000000 in all"
    );
}

/// PFX { 3, Data { EncryptedData by PBES2, with scrypt of these costs, or with these algorithms }, no MAC }
fn pfx_by(derivation: &[u8], cipher: &[u8]) -> Vec<u8> {
    let pbes2 =
        tlv(0x30, &[&tlv(6, &[&[42, 134, 72, 134, 247, 13, 1, 5, 13]]), &tlv(0x30, &[derivation, cipher])]);
    let data = tlv(6, &[&[42, 134, 72, 134, 247, 13, 1, 7, 1]]);
    let info = tlv(0x30, &[&data, &pbes2, &tlv(0x80, &[&[7; 32]])]);
    let encrypted = tlv(0x30, &[&tlv(2, &[&[0]]), &info]);
    let safe = tlv(0x30, &[&tlv(6, &[&[42, 134, 72, 134, 247, 13, 1, 7, 6]]), &tlv(0xa0, &[&encrypted])]);
    let contents = tlv(4, &[&tlv(0x30, &[&safe])]);
    tlv(0x30, &[&tlv(2, &[&[3]]), &tlv(0x30, &[&data, &tlv(0xa0, &[&contents])])])
}

#[test]
fn costs_that_derive_nothing_or_need_all_memory_are_refused_before_they_are_tried() {
    let aes_256 = tlv(0x30, &[&tlv(6, &[&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 42]]), &tlv(4, &[&[0; 16]])]);
    let scrypt = |n: &[u8], r: u8| {
        let costs = [tlv(4, &[&[1; 8]]), tlv(2, &[n]), tlv(2, &[&[r]]), tlv(2, &[&[1]])];
        let parameters = tlv(0x30, &costs.each_ref().map(Vec::as_slice));
        tlv(0x30, &[&tlv(6, &[&[0x2b, 6, 1, 4, 1, 0xda, 0x47, 4, 11]]), &parameters])
    };
    let read = |derivation: &[u8], cipher: &[u8]| {
        pkcs12::read(&pfx_by(derivation, cipher), &Password::unstated()).unwrap_err()
    };
    for (n, r) in [(&[0][..], 8), (&[1], 8), (&[3], 8), (&[16], 0)] {
        let error = read(&scrypt(n, r), &aes_256);
        assert!(matches!(error, Pkcs12Error::Unexpected { .. }), "N {n:?}, r {r}: {error}");
    }
    assert!(matches!(read(&scrypt(&[16], 8), &aes_256), Pkcs12Error::WrongPassword { .. }));
    // 2^20 times 8 blocks of 128 bytes are 1 GiB.
    let error = read(&scrypt(&[0x10, 0, 0], 8), &aes_256);
    assert!(error.to_string().contains("more than 33554432 bytes of memory"), "{error}");
    let none = tlv(0x30, &[&tlv(4, &[&[1; 8]]), &tlv(2, &[&[0]])]);
    let pbkdf2 = tlv(0x30, &[&tlv(6, &[&[42, 134, 72, 134, 247, 13, 1, 5, 12]]), &none]);
    assert!(matches!(read(&pbkdf2, &aes_256), Pkcs12Error::Unexpected { .. }));
    // What is not known inside PBES2 is named, and not PBES2.
    let camellia =
        tlv(0x30, &[&tlv(6, &[&[0x2a, 0x83, 8, 0x8c, 0x9a, 0x4b, 0x3d, 1, 1, 1, 4]]), &tlv(4, &[&[0; 16]])]);
    let error = read(&scrypt(&[16], 8), &camellia).to_string();
    assert!(error.contains("Camellia (1.2.392.200011.61.1.1.1.4)"), "{error}");
}

#[test]
fn the_iterations_written_stay_within_what_dotnet_imports() {
    assert_eq!(3 * pkcs12::PASSWORD_ITERATIONS, 600_000);
}

/// Where the MAC's own octets begin: the last OCTET STRING of 20 or 32 octets but the salt.
fn mac_value_at(pfx: &[u8]) -> usize {
    let contents_end = {
        // PFX { version, authSafe, macData }: the macData begins where the authSafe ends.
        let (outer, inner) = (header(pfx, 0), header(pfx, 0).0);
        assert_eq!(outer.0 + outer.1, pfx.len());
        let version = header(pfx, inner);
        let safe = header(pfx, version.0 + version.1);
        safe.0 + safe.1
    };
    let mac_data = header(pfx, contents_end);
    let digest_info = header(pfx, mac_data.0);
    let algorithm = header(pfx, digest_info.0);
    header(pfx, algorithm.0 + algorithm.1).0
}

/// Where an element's contents begin, and how many there are.
fn header(der: &[u8], at: usize) -> (usize, usize) {
    match der[at + 1] {
        short @ 0..0x80 => (at + 2, usize::from(short)),
        0x80 | 0x81 => (at + 3, usize::from(der[at + 2])),
        _ => (at + 4, usize::from(der[at + 2]) << 8 | usize::from(der[at + 3])),
    }
}

#[test]
fn openssl_opens_every_kind_and_finds_key_and_chain() {
    let folder = tempfile::tempdir().unwrap();
    for (kind, key) in keys() {
        for password in ["", "geheim"] {
            let file = save(folder.path(), &key.pfx("www", &Password::new(password), Profile::Modern));
            let pass = format!("pass:{password}");
            let Some(output) = run("openssl", &["pkcs12", "-nodes", "-passin", &pass, "-in", &file]) else {
                return;
            };
            assert!(output.status.success(), "{kind}: {}", String::from_utf8_lossy(&output.stderr));
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(text.contains("friendlyName: www"), "{text}");
            let blocks = pem::read(&output.stdout).unwrap();
            let (private, public): (Vec<_>, Vec<_>) =
                blocks.iter().partition(|block| block.label == "PRIVATE KEY");
            assert_eq!(private.len(), 1);
            assert!(private[0].contents() == key.pkcs8.secret_der(), "{kind}: another key");
            let public: Vec<_> = public.iter().map(|block| block.contents()).collect();
            assert_eq!(public, key.chain(), "{kind}");
        }
    }
    let file = save(folder.path(), &P256.pfx("www", &Password::new(""), Profile::Modern));
    let Some(output) = run("openssl", &["pkcs12", "-info", "-noout", "-passin", "pass:", "-in", &file])
    else {
        return;
    };
    let text = String::from_utf8_lossy(&output.stderr);
    for algorithm in [
        "MAC: sha256, Iteration 2048",
        "PKCS7 Encrypted data: PBES2, PBKDF2, AES-256-CBC, Iteration 2048, PRF hmacWithSHA256",
        "Shrouded Keybag: PBES2, PBKDF2, AES-256-CBC, Iteration 2048, PRF hmacWithSHA256",
    ] {
        assert!(text.contains(algorithm), "{text}");
    }
}

/// Java no longer has secp256k1 (tried with 17). It still lists such an entry; only using the key fails.
#[test]
fn keytool_lists_every_kind_and_says_that_it_cannot_use_secp256k1() {
    let folder = tempfile::tempdir().unwrap();
    for (kind, key) in keys() {
        let file = save(folder.path(), &key.pfx("www", &Password::new("geheim"), Profile::Modern));
        let Some(output) = keytool("-list", &file) else {
            return;
        };
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{kind}: {text}");
        assert!(text.contains("www,") && text.contains("PrivateKeyEntry"), "{kind}: {text}");
        let Some(output) = keytool("-certreq", &file) else {
            return;
        };
        let text = String::from_utf8_lossy(&output.stdout);
        if *kind == "P-256K" {
            assert!(text.contains("Curve not supported: secp256k1"), "{text}");
        } else {
            assert!(output.status.success(), "{kind}: {text}");
        }
    }
    let entry = Entry { friendly_name: "www", private_key: None, certificates: &P256.chain() };
    let file =
        save(folder.path(), &pkcs12::write(&[entry], &Password::new("geheim"), Profile::Modern).unwrap());
    let Some(output) = keytool("-list", &file) else {
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(text.matches("trustedCertEntry").count(), 3, "{text}");
}

#[test]
fn the_outside_suite_is_read_as_openssl_reads_it() {
    let Some(folder) = suite() else { return };
    let verdicts = fs::read(folder.join("verdicts.json")).unwrap();
    let verdicts: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&verdicts).unwrap();
    assert_eq!(verdicts.len(), 53);
    for (name, verdict) in &verdicts {
        let pfx = fs::read(folder.join(name)).unwrap();
        let openssl = &verdict["openssl_3_0_22"];
        let expected = openssl.as_object().map(|seen| (seen["keys"].as_u64(), seen["certs"].as_u64()));
        // OpenSSL is told a password, and tries no password at all beside the empty one.
        let passwords = match openssl["password"].as_str().unwrap_or_default() {
            "" => Password::unstated().to_vec(),
            password => vec![Password::new(password)],
        };
        let result = pkcs12::read(&pfx, &passwords);
        let found = result.as_ref().ok().map(|contents| {
            let count = |length: usize| u64::try_from(length).ok();
            (count(contents.private_keys.len()), count(contents.certificates.len()))
        });
        assert_eq!(found, expected, "{name}: {result:?}");
        if let Err(error) = &result {
            assert!(
                !error.help().is_empty() && !matches!(error, Pkcs12Error::WrongPassword { .. }),
                "{name}: {error}"
            );
        }
        agrees_with_the_library(name, &pfx, &passwords, result.as_ref().ok());
    }
}

/// p12-keystore reads what it can, and where it can it reads the same.
fn agrees_with_the_library(what: &str, pfx: &[u8], passwords: &[Password], ours: Option<&Contents>) {
    let password = passwords.iter().find_map(|password| match password {
        Password::Given(text) => Some(text),
        Password::Absent => None,
    });
    let Some(Ok(theirs)) = password.map(|password| Pkcs12Archive::from_pkcs12(pfx, password)) else { return };
    let ours = ours.unwrap_or_else(|| panic!("{what}: p12-keystore reads it"));
    let keys: Vec<&[u8]> = theirs.keys.iter().map(|bag| bag.key.as_der()).collect();
    let our_keys: Vec<&[u8]> = ours.private_keys.iter().map(|bag| bag.private_key.secret_der()).collect();
    assert!(keys == our_keys, "{what}: other keys");
    let certificates: Vec<(&[u8], Option<&str>)> =
        theirs.certs.iter().map(|bag| (bag.cert.as_der(), bag.friendly_name.as_deref())).collect();
    let our_certificates: Vec<(&[u8], Option<&str>)> = ours
        .certificates
        .iter()
        .map(|bag| (bag.certificate.as_slice(), bag.attributes.friendly_name.as_deref()))
        .collect();
    assert_eq!(certificates, our_certificates, "{what}");
}

#[test]
fn what_we_write_p12_keystore_reads_and_what_it_writes_we_read() {
    use p12_keystore::{
        Certificate, EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm, PrivateKey, PrivateKeyChain,
    };
    let mut compared = 0;
    for (kind, key) in keys() {
        for profile in [Profile::Modern, Profile::Compatible, Profile::KeyVault] {
            for text in ["", "päss wörd"] {
                let pfx = key.pfx("www", &Password::new(text), profile);
                assert!(Pkcs12Archive::from_pkcs12(&pfx, text).is_ok(), "{kind}, {profile}");
                let ours = pkcs12::read(&pfx, &[Password::new(text)]).unwrap();
                agrees_with_the_library(kind, &pfx, &[Password::new(text)], Some(&ours));
                compared += 1;
            }
        }
        for encryption in [
            EncryptionAlgorithm::PbeWithHmacSha256AndAes256,
            EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc,
        ] {
            let chain = key.chain().map(|der| Certificate::from_der(der).unwrap());
            let private_key = PrivateKey::from_der(key.pkcs8.secret_der()).unwrap();
            let mut store = KeyStore::new();
            store.add_entry(
                "www",
                KeyStoreEntry::PrivateKeyChain(PrivateKeyChain::new(&[1u8, 2][..], private_key, chain)),
            );
            let pfx = store
                .writer("geheim")
                .encryption_algorithm(encryption)
                .encryption_iterations(2_048)
                .mac_algorithm(MacAlgorithm::HmacSha256)
                .mac_iterations(2_048)
                .write()
                .unwrap();
            let ours = pkcs12::read(&pfx, &[Password::new("geheim")]).unwrap();
            assert!(ours.private_keys[0].private_key.secret_der() == key.pkcs8.secret_der(), "{kind}");
            assert_eq!(certificates(&ours), key.chain(), "{kind}");
            compared += 1;
        }
    }
    assert_eq!(compared, 7 * (6 + 2));
}

/// RFC 9579 A.1 to A.3 open; A.4 and A.5 have a wrong MAC, A.6 no length of the key, the last one of one octet.
#[test]
fn pbmac1_is_read_as_rfc_9579_has_it() {
    let Some(folder) = suite() else { return };
    let read = |name: &str| {
        let text = fs::read_to_string(folder.join("rfc9579").join(name).with_extension("txt")).unwrap();
        let text: String = text.split_ascii_whitespace().collect();
        let pfx = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
        pkcs12::read(&pfx, &[Password::new("1234")])
    };
    for name in ["rfc9579-a1", "rfc9579-a2", "rfc9579-a3"] {
        let contents = read(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((contents.private_keys.len(), contents.certificates.len()), (1, 1), "{name}");
    }
    for name in ["rfc9579-a4", "rfc9579-a5"] {
        assert_eq!(read(name).unwrap_err(), Pkcs12Error::MacDisagrees, "{name}");
    }
    assert_eq!(
        read("rfc9579-a6").unwrap_err().to_string(),
        "the PFX is damaged: no length of the key, expected one, by RFC 9579 4"
    );
    assert_eq!(
        read("pbmac1-short-key-bypass").unwrap_err(),
        Pkcs12Error::ShortMacKey { octets: 1, least: 20 }
    );
}

#[test]
fn a_private_key_alone_is_encrypted_as_openssl_opens_it() {
    let folder = tempfile::tempdir().unwrap();
    for (kind, key) in keys() {
        let shrouded = pkcs12::shroud(&key.pkcs8, &Password::new("geheim")).unwrap();
        let file = folder.path().join("key.pem");
        fs::write(&file, pem::write("ENCRYPTED PRIVATE KEY", &shrouded)).unwrap();
        let arguments = ["pkey", "-passin", "pass:geheim", "-outform", "DER", "-in", file.to_str().unwrap()];
        let Some(output) = run("openssl", &arguments) else { return };
        assert!(output.status.success(), "{kind}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_reading_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = pkcs12::read(&bytes, &Password::unstated());
        let _ = pkcs12::read(&tlv(0x30, &[&[2, 1, 3], &tlv(0x30, &[&bytes])]), &Password::unstated());
    }

    #[test]
    fn a_changed_pfx_never_makes_reading_panic_nor_gives_another_key(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in proptest::option::of(any::<prop::sample::Index>()),
        inside in any::<bool>(),
    ) {
        static PFX: LazyLock<Vec<u8>> = LazyLock::new(|| P256.pfx("www", &Password::new(""), Profile::Modern).to_vec());
        let mut pfx = PFX.clone();
        // The structure is at the beginning and at the end; ciphertext fills the rest.
        let span = if inside { pfx.len() } else { 120 };
        for (at, byte) in changes {
            pfx[at.index(span)] = byte;
        }
        if let Some(cut) = cut {
            pfx.truncate(cut.index(pfx.len()));
        }
        if let Ok(contents) = pkcs12::read(&pfx, &Password::unstated()) {
            for bag in contents.private_keys {
                prop_assert!(bag.private_key.secret_der() == P256.pkcs8.secret_der());
            }
        }
    }
}

struct Key {
    pkcs8: SecretDer,
    spki: Vec<u8>,
    leaf: Vec<u8>,
    issuer: Vec<u8>,
    root: Vec<u8>,
}

impl Key {
    fn new(pkcs8: &[u8], spki: &[u8]) -> Self {
        Self {
            pkcs8: SecretDer::new(Zeroizing::new(pkcs8.to_vec())),
            spki: spki.to_vec(),
            leaf: certificate(spki, "www.example.com"),
            issuer: certificate(spki, "Issuing CA"),
            root: certificate(spki, "A Root CA"),
        }
    }

    fn elliptic(algorithm: &'static EcdsaSigningAlgorithm) -> Self {
        let pair = EcdsaKeyPair::generate(algorithm).unwrap();
        let spki: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        Self::new(pair.to_pkcs8v1().unwrap().as_ref(), spki.as_ref())
    }

    fn rsa(size: KeySize) -> Self {
        let pair = aws_lc_rs::rsa::KeyPair::generate(size).unwrap();
        let pkcs8: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let spki: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        Self::new(pkcs8.as_ref(), spki.as_ref())
    }

    fn chain(&self) -> [&[u8]; 3] {
        [&self.leaf, &self.issuer, &self.root]
    }

    fn pfx(&self, friendly_name: &str, password: &Password, profile: Profile) -> Zeroizing<Vec<u8>> {
        let entry = Entry { friendly_name, private_key: Some(&self.pkcs8), certificates: &self.chain() };
        pkcs12::write(&[entry], password, profile).unwrap()
    }
}

static P256: LazyLock<Key> = LazyLock::new(|| Key::elliptic(&ECDSA_P256_SHA256_ASN1_SIGNING));

fn keys() -> &'static [(&'static str, Key)] {
    static KEYS: LazyLock<Vec<(&str, Key)>> = LazyLock::new(|| {
        vec![
            ("RSA 2048", Key::rsa(KeySize::Rsa2048)),
            ("RSA 3072", Key::rsa(KeySize::Rsa3072)),
            ("RSA 4096", Key::rsa(KeySize::Rsa4096)),
            ("P-256", Key::elliptic(&ECDSA_P256_SHA256_ASN1_SIGNING)),
            ("P-384", Key::elliptic(&ECDSA_P384_SHA384_ASN1_SIGNING)),
            ("P-521", Key::elliptic(&ECDSA_P521_SHA512_ASN1_SIGNING)),
            ("P-256K", Key::elliptic(&ECDSA_P256K1_SHA256_ASN1_SIGNING)),
        ]
    });
    &KEYS
}

fn passwords() -> [Password; 3] {
    [Password::Absent, Password::new(""), Password::new("päss 😀 wörd")]
}

fn certificates(contents: &Contents) -> Vec<&[u8]> {
    contents.certificates.iter().map(|bag| bag.certificate.as_slice()).collect()
}

/// A self-signed certificate in form only: PKCS#12 carries certificates and does not check their signatures.
fn certificate(spki: &[u8], common_name: &str) -> Vec<u8> {
    let ecdsa_with_sha256 = tlv(0x30, &[&tlv(6, &[&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]])]);
    let attribute = tlv(0x30, &[&tlv(6, &[&[0x55, 4, 3]]), &tlv(0x0c, &[common_name.as_bytes()])]);
    let name = tlv(0x30, &[&tlv(0x31, &[&attribute])]);
    let validity = tlv(0x30, &[&tlv(0x17, &[b"250101000000Z"]), &tlv(0x17, &[b"450101000000Z"])]);
    let version_and_serial = [0xa0, 3, 2, 1, 2, 2, 1, 1];
    let tbs = tlv(0x30, &[&version_and_serial, &ecdsa_with_sha256, &name, &validity, &name, spki]);
    let signature = tlv(3, &[&[0], &tlv(0x30, &[&[2, 1, 1], &[2, 1, 1]])]);
    tlv(0x30, &[&tbs, &ecdsa_with_sha256, &signature])
}

fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let value = parts.concat();
    let length = u16::try_from(value.len()).unwrap().to_be_bytes();
    let mut der = match length {
        [0, short @ 0..0x80] => vec![tag, short],
        [0, long] => vec![tag, 0x81, long],
        [high, low] => vec![tag, 0x82, high, low],
    };
    der.extend(value);
    der
}

fn save(folder: &Path, pfx: &[u8]) -> String {
    let file = folder.join("test.pfx");
    fs::write(&file, pfx).unwrap();
    file.to_str().unwrap().to_owned()
}

fn keytool(verb: &str, file: &str) -> Option<Output> {
    let english = ["-J-Duser.language=en", "-storetype", "PKCS12", "-storepass", "geheim", "-keystore", file];
    let alias: &[&str] = if verb == "-certreq" { &["-alias", "www"] } else { &[] };
    run("keytool", &[&[verb], &english[..], alias].concat())
}

/// Runs a program of others; without it the rest of the test is skipped, but not where `CI` is set.
fn run(program: &str, arguments: &[&str]) -> Option<Output> {
    match Command::new(program).args(arguments).output() {
        Ok(output) => Some(output),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            assert!(std::env::var_os("CI").is_none(), "{program} not found, expected it in CI");
            skipped(&format!("{program} not found"));
            None
        }
        Err(error) => panic!("{program}: {error}"),
    }
}

#[allow(clippy::explicit_write, reason = "eprintln is captured by the test runner, and this has to be seen")]
fn skipped(why: &str) {
    writeln!(std::io::stderr(), "skipped: {why}").unwrap();
}

fn suite() -> Option<PathBuf> {
    shared().map(|shared| shared.join("suites/pkcs12"))
}
