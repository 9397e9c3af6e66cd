//! The drawing as lines of text.

use super::drawing::{Drawing, Rung, Stone};
use super::wrapping;

/// One line for each certificate, one for each link, the chain first.
pub(super) fn lines(drawing: &Drawing<'_>) -> Vec<String> {
    let columns = Columns::of(drawing);
    let mut lines = Vec::new();
    for rung in &drawing.rungs {
        lines.push(match rung {
            Rung::Certificate(stone) => columns.line(stone),
            Rung::Link => "   │  signed by".to_owned(),
            Rung::Broken { words, refuses } => format!("   {}  {words}", if *refuses { '✗' } else { '┊' }),
            Rung::Missing { name, remark, refuses } => {
                format!("   {}  {name}   {remark}", if *refuses { '✗' } else { '…' })
            }
        });
    }
    lines.extend(drawing.beside.iter().map(|stone| columns.line(stone)));
    if drawing.more_beside > 0 {
        lines.push(format!("  and {} more that are not part of this chain", drawing.more_beside));
    }
    lines
}

/// The same, none longer than a width.
pub(super) fn lines_within(drawing: &Drawing<'_>, width: usize) -> Vec<String> {
    let last = drawing.rungs.len().saturating_sub(1);
    let mut wrapped = Vec::new();
    for (index, line) in lines(drawing).iter().enumerate() {
        // Between a certificate and what is above it stands the link.
        let indent = if index < last { "   │     " } else { "         " };
        wrapped.extend(wrapping::wrapped(line, width, indent).lines().map(str::to_owned));
    }
    wrapped
}

/// How wide the labels and the subjects are.
struct Columns {
    label: usize,
    subject: usize,
}

impl Columns {
    fn of(drawing: &Drawing<'_>) -> Self {
        let stones = drawing.rungs.iter().filter_map(|rung| match rung {
            Rung::Certificate(stone) => Some(stone),
            Rung::Link | Rung::Broken { .. } | Rung::Missing { .. } => None,
        });
        let mut columns = Self { label: 0, subject: 0 };
        for stone in stones.chain(&drawing.beside) {
            columns.label = columns.label.max(stone.label.chars().count());
            columns.subject = columns.subject.max(subject(stone).chars().count().min(SUBJECT_WIDTH));
        }
        columns
    }

    fn line(&self, stone: &Stone<'_>) -> String {
        let Stone { label, certificate, role, refused_by } = stone;
        let faults =
            if refused_by.is_empty() { String::new() } else { format!("   ✗ {}", refused_by.join(", ")) };
        format!(
            "  {label:<label_width$} {:<subject_width$}   {role}, until {}{faults}",
            subject(stone),
            certificate.not_after().date(),
            label_width = self.label,
            subject_width = self.subject,
        )
    }
}

fn subject(stone: &Stone<'_>) -> String {
    let subject = stone.certificate.subject();
    if subject.is_empty() { "(no subject)".to_owned() } else { subject.to_string() }
}

/// Longer subjects stand out over the column rather than push it away.
const SUBJECT_WIDTH: usize = 44;
