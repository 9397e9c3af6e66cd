//! Ledgers that somebody tampered with: each fault is found, and named by its entry.

use super::*;
use crate::seal::VaultKey;

fn now() -> UnixTime {
    UnixTime::from_unix_seconds(1_795_000_000).unwrap()
}

fn by(operator: &str) -> Attribution {
    Attribution { operator: operator.to_owned(), ..Attribution::default() }
}

/// Ten entries; every third act has the vault key, as the first one has.
fn ledger(sealer: &Sealer) -> (Vec<Stored>, End) {
    let mut end = End { head: Head::start(), key: None };
    let mut stored = Vec::new();
    for number in 0..10 {
        let act = if number == 0 { Act::Init } else { Act::Judge };
        let event = Event::on(act, &format!("www{number}")).with("accepted", number % 2 == 0);
        let sealer = (number % 3 == 0).then_some(sealer);
        let (entry, behind) = end.add(event, &by("alice"), sealer, now());
        stored.push(entry);
        end = behind;
    }
    (stored, end)
}

fn faults(stored: Vec<Stored>, end: &End, sealer: Option<&Sealer>) -> Vec<LedgerFault> {
    let mut prover = Prover::new(sealer, &[]);
    for stored in stored {
        prover.stored(stored);
    }
    prover.end(Some(end)).faults
}

fn sealer() -> Sealer {
    Sealer::of(&VaultKey::generate().unwrap())
}

#[test]
fn a_ledger_that_nobody_touched_is_whole_and_authentic() {
    let sealer = sealer();
    let (stored, end) = ledger(&sealer);
    let head = end.head;
    let mut prover = Prover::new(Some(&sealer), &[head.to_string().parse().unwrap()]);
    for stored in stored {
        prover.stored(stored);
    }
    let proof = prover.end(Some(&end));
    assert!(proof.is_whole(), "{:?}", proof.faults);
    assert_eq!((proof.entries, proof.authenticated, proof.head), (10, Some(10), head));
}

#[test]
fn every_changed_member_is_noticed() {
    let sealer = sealer();
    let changes: [fn(&mut Entry); 10] = [
        |entry| entry.time = entry.time.plus_seconds(1),
        |entry| entry.act = Act::Recover,
        |entry| entry.name = None,
        |entry| entry.version = Some(String::new()),
        |entry| entry.public_key = Some(Fingerprint::of(b"another")),
        |entry| entry.operator = "mallory".to_owned(),
        |entry| entry.witness = Some("bob".to_owned()),
        |entry| entry.reason = Some("CHG-1".to_owned()),
        |entry| entry.program = "9.9.9".to_owned(),
        |entry| entry.detail.clear(),
    ];
    for change in changes {
        let (mut stored, end) = ledger(&sealer);
        change(&mut stored[4].entry);
        assert_eq!(faults(stored, &end, None), [LedgerFault::Changed { sequence: 5 }]);
    }
}

/// Whoever changes an entry and makes all hashes after it anew has no keys for them.
#[test]
fn hashes_that_were_made_anew_are_not_authentic() {
    let sealer = sealer();
    let (mut stored, mut end) = ledger(&sealer);
    stored[4].entry.operator = "mallory".to_owned();
    let mut before = stored[3].entry.hash;
    for stored in &mut stored[4..] {
        stored.entry.hash = stored.entry.chained(&before);
        before = stored.entry.hash;
    }
    end.head = stored[9].entry.head();
    let found = faults(stored, &end, Some(&sealer));
    assert_eq!(
        found,
        [LedgerFault::NotAuthentic { from: 5, to: 10 }, LedgerFault::CutOff { after: 10 }],
        "the key that is kept is not that of these hashes"
    );
}

#[test]
fn what_is_taken_out_is_missing_wherever_it_stood() {
    let sealer = sealer();
    for (from, to) in [(1, 1), (1, 3), (4, 4), (5, 8), (10, 10), (7, 10)] {
        let (mut stored, end) = ledger(&sealer);
        stored.retain(|stored| !(from..=to).contains(&stored.entry.sequence));
        let found = faults(stored, &end, Some(&sealer));
        // What stands behind it is chained to a hash that nobody has.
        let behind = LedgerFault::Unchecked { sequence: to + 1 };
        let expected = [LedgerFault::Missing { from, to }].into_iter().chain((to < 10).then_some(behind));
        assert_eq!(found, expected.collect::<Vec<_>>(), "{from} to {to}");
    }
}

/// The end is adjusted to what is left: the hash fits, and the key does not.
#[test]
fn a_ledger_that_was_cut_off_is_noticed_by_its_key() {
    let sealer = sealer();
    for left in 1..10 {
        let (mut stored, mut end) = ledger(&sealer);
        stored.truncate(left);
        end.head = stored[left - 1].entry.head();
        let after = u64::try_from(left).unwrap();
        assert_eq!(faults(stored, &end, Some(&sealer)), [LedgerFault::CutOff { after }]);
    }
    let (_, mut end) = ledger(&sealer);
    end.head = Head::start();
    assert_eq!(faults(Vec::new(), &end, Some(&sealer)), [LedgerFault::Empty]);
}

#[test]
fn two_entries_that_changed_places_are_named() {
    let sealer = sealer();
    let (mut stored, end) = ledger(&sealer);
    stored.swap(3, 6);
    (stored[3].entry.sequence, stored[6].entry.sequence) = (4, 7);
    let found = faults(stored, &end, None);
    assert!(found.contains(&LedgerFault::Moved { sequence: 4, from: 7 }), "{found:?}");
    assert!(found.contains(&LedgerFault::Moved { sequence: 7, from: 4 }), "{found:?}");
}

/// Whoever has the file has the key for the next entry. What he adds is authentic until an act has the vault key, and
/// his own entries in place of those that were there are not.
#[test]
fn whoever_has_the_file_can_add_and_cannot_replace() {
    let sealer = sealer();
    let (mut stored, end) = ledger(&sealer);
    let stolen = ChainKey::from_secret_bytes(*end.key.as_ref().unwrap().secret_bytes());
    stored.truncate(5);
    let mut forged = End { head: stored[4].entry.head(), key: Some(stolen) };
    for _ in 0..5 {
        let (entry, behind) = forged.add(Event::of(Act::Judge), &by("mallory"), None, now());
        stored.push(entry);
        forged = behind;
    }
    let found = faults(stored, &forged, Some(&sealer));
    assert_eq!(found[0], LedgerFault::NotAuthentic { from: 6, to: 10 });
}

/// A vault that is older than its ledger has no key until an act has the vault key.
/// He can add what takes no vault key, and nothing else.
#[test]
fn an_act_that_takes_the_vault_key_is_not_written_without_it() {
    let sealer = sealer();
    for act in Act::ALL {
        let (mut stored, end) = ledger(&sealer);
        let (entry, end) = end.add(Event::on(act, "www"), &by("mallory"), None, now());
        stored.push(entry);
        let mut prover = Prover::new(Some(&sealer), &[]).since_init(true);
        for stored in stored {
            prover.stored(stored);
        }
        let expected = act.takes_vault_key().then_some(LedgerFault::WithoutKey { sequence: 11, act });
        assert_eq!(prover.end(Some(&end)).faults, expected.into_iter().collect::<Vec<_>>(), "{act}");
    }
}

/// In a vault that is no older than its ledger nothing was ever written without a key.
#[test]
fn a_ledger_whose_keys_were_all_taken_away_is_not_authentic() {
    let sealer = sealer();
    let (mut stored, mut end) = ledger(&sealer);
    for stored in &mut stored {
        stored.tag = None;
    }
    end.key = None;
    let mut prover = Prover::new(Some(&sealer), &[]).since_init(true);
    for stored in stored {
        prover.stored(stored);
    }
    let proof = prover.end(Some(&end));
    let expected = [LedgerFault::NotAuthentic { from: 1, to: 10 }, LedgerFault::CutOff { after: 10 }];
    assert_eq!(proof.faults, expected);
}

#[test]
fn a_ledger_without_a_key_begins_to_be_authentic_later_and_cannot_go_back() {
    let sealer = sealer();
    let mut end = End { head: Head::start(), key: None };
    let mut stored = Vec::new();
    for number in 0..6 {
        let act = if number == 0 { Act::Begin } else { Act::Judge };
        let (entry, behind) = end.add(Event::of(act), &by("a"), (number == 3).then_some(&sealer), now());
        stored.push(entry);
        end = behind;
    }
    let mut prover = Prover::new(Some(&sealer), &[]);
    for stored in stored {
        prover.stored(stored);
    }
    let proof = prover.end(Some(&end));
    assert_eq!((proof.is_whole(), proof.authenticated), (true, Some(3)));

    let (mut stored, end) = ledger(&sealer);
    stored[7].tag = None;
    assert_eq!(
        faults(stored, &end, Some(&sealer)),
        [LedgerFault::NotAuthentic { from: 8, to: 8 }],
        "a tag was taken away"
    );
}

#[test]
fn a_head_is_read_as_it_was_written_and_misread() {
    let (stored, _) = ledger(&sealer());
    let head = stored[9].entry.head();
    let text = head.to_string();
    assert_eq!(text.len(), "10".len() + 6 * 5, "{text}");
    for form in [
        text.clone(),
        text.to_lowercase(),
        text.replacen('-', "=", 1).replace('-', " ").replace('=', "-"),
        text.replace('0', "o").replacen("1o", "10", 1).replace('1', "l").replacen("l0", "10", 1),
    ] {
        let read: WrittenHead = form.parse().unwrap_or_else(|error| panic!("{error}"));
        assert!(read.is_of(&head), "{form}");
    }
    for (index, digit) in text.char_indices().skip(3).filter(|(_, digit)| *digit != '-') {
        let other = if digit == 'Z' { 'Y' } else { 'Z' };
        let changed = format!("{}{other}{}", &text[..index], &text[index + 1..]);
        assert!(!changed.parse::<WrittenHead>().unwrap().is_of(&head), "{changed}");
    }
    for wrong in ["", "10", "10-", &text[1..text.len() - 1], "x-0000-0000-0000-0000-0000-0000", "-1-0000"] {
        assert!(wrong.parse::<WrittenHead>().is_err(), "{wrong}");
    }
}

#[test]
fn lines_of_json_read_back_and_are_checked() {
    let (stored, _) = ledger(&sealer());
    let entries: Vec<Entry> = stored.into_iter().map(|stored| stored.entry).collect();
    let text: String = entries.iter().map(|entry| format!("{}\n", entry.to_json())).collect();
    assert_eq!(read_lines(&text).unwrap(), entries);
    assert!(Proof::of_entries(read_lines(&text).unwrap(), &[]).is_whole());
    let changed = text.replace("www4", "www5");
    let proof = Proof::of_entries(read_lines(&changed).unwrap(), &[]);
    assert_eq!(proof.faults, [LedgerFault::Changed { sequence: 5 }]);
    let more = text.replacen("\"sequence\":3,", "\"sequence\":3,\"note\":\"x\",", 1);
    assert_eq!(read_lines(&more).unwrap_err().line, 3);
}

#[test]
fn every_act_has_a_name_of_its_own_that_reads_back() {
    for act in Act::ALL {
        assert_eq!(Act::of_name(act.name()), Some(act));
    }
}
