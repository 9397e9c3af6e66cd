//! Lists inside messages: the first few of what a certificate may have by the ten thousand.

use std::fmt::Display;

use super::rule::Fault;

/// The first few, and how many there are besides; `none` where there are none.
pub(super) fn listed<T: Display>(all: impl IntoIterator<Item = T>, most: usize) -> String {
    let mut all = all.into_iter();
    let shown: Vec<String> = all.by_ref().take(most).map(|one| one.to_string()).collect();
    match (shown.is_empty(), all.count()) {
        (true, _) => "none".to_owned(),
        (false, 0) => shown.join(", "),
        (false, more) => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The faults, of one rule about one certificate the first few: the last of these says how many more there are.
pub(super) fn first_few(faults: Vec<Fault>) -> Vec<Fault> {
    let mut kept: Vec<(Fault, usize)> = Vec::new();
    for fault in faults {
        let alike = |one: &&mut (Fault, usize)| one.0.rule == fault.rule && one.0.at == fault.at;
        if kept.iter_mut().filter(alike).count() < ALIKE_MAX {
            kept.push((fault, 0));
        } else if let Some((_, more)) = kept.iter_mut().rfind(alike) {
            *more += 1;
        }
    }
    let said = |(mut fault, more): (Fault, usize)| {
        if more > 0 {
            fault.message.push_str(&format!(" (and {more} more like it)"));
        }
        fault
    };
    kept.into_iter().map(said).collect()
}

/// Names or purposes in a message, where all of them are of interest.
pub(super) const LISTED_MAX: usize = 12;
/// Faults of one rule about one certificate: each is a finding of several lines.
const ALIKE_MAX: usize = 4;

#[cfg(test)]
mod tests {
    use super::super::rules;
    use super::*;

    #[test]
    fn a_list_says_how_many_it_leaves_out() {
        assert_eq!(listed([1, 2, 3], 3), "1, 2, 3");
        assert_eq!(listed([1, 2, 3, 4, 5], 3), "1, 2, 3 and 2 more");
        assert_eq!(listed([""; 0], 3), "none");
    }

    #[test]
    fn of_faults_alike_the_first_few_are_kept_and_the_others_counted() {
        let fault = |at, message: usize| Fault {
            rule: &rules::EXPIRED,
            at,
            message: message.to_string(),
            help: String::new(),
        };
        let faults = (0..10).map(|number| fault(0, number)).chain([fault(1, 10)]).collect();
        let kept: Vec<(usize, String)> =
            first_few(faults).into_iter().map(|fault| (fault.at, fault.message)).collect();
        let expected = [(0, "0"), (0, "1"), (0, "2"), (0, "3 (and 6 more like it)"), (1, "10")];
        assert_eq!(kept, expected.map(|(at, message)| (at, message.to_owned())));
    }
}
