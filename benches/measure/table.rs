//! Figures beside their floors, and whether they meet their targets.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use coldcert::time::UnixTime;

/// What a figure has to be; numbers are in the table's unit.
#[derive(Clone, Copy)]
pub enum Target {
    /// At most so many times its floor.
    Times(f64),
    /// At most so much longer than its floor.
    Beyond(f64),
    /// Shorter than this, whatever stands beside it.
    Under(f64),
    /// Shorter than this, and than what stands beside it.
    UnderAndUnderFloor(f64),
    /// At least this part of the floor's throughput.
    Throughput(f64),
    /// Said for comparison.
    None,
}

/// A figure, its floor, and its target.
pub struct Row {
    pub what: String,
    pub figure: f64,
    pub floor: Option<f64>,
    pub floor_is: String,
    pub target: Target,
}

/// In what figures are measured.
#[derive(Clone, Copy)]
pub enum Unit {
    Seconds,
    Megabytes,
}

pub struct Table {
    pub title: &'static str,
    pub unit: Unit,
    pub rows: Vec<Row>,
    pub notes: Vec<String>,
}

impl Unit {
    fn text(self, value: f64) -> String {
        match self {
            Self::Seconds => millis(value),
            Self::Megabytes => format!("{value:.1} MB"),
        }
    }
}

impl Row {
    fn target(&self, unit: Unit) -> (String, Option<bool>) {
        let (figure, floor) = (self.figure, self.floor.unwrap_or(f64::NAN));
        match self.target {
            Target::Times(times) => (format!("< {times} x"), Some(figure < times * floor)),
            Target::Beyond(most) => (format!("< {} beyond", unit.text(most)), Some(figure - floor < most)),
            Target::Under(most) => (format!("< {}", unit.text(most)), Some(figure < most)),
            Target::UnderAndUnderFloor(most) => {
                (format!("< {} and < floor", unit.text(most)), Some(figure < most && figure < floor))
            }
            Target::Throughput(part) => (format!(">= {part} of floor"), Some(floor / figure >= part)),
            Target::None => ("-".to_owned(), None),
        }
    }

    fn cells(&self, unit: Unit) -> [String; 7] {
        let (target, met) = self.target(unit);
        let ratio = self.floor.map(|floor| match self.target {
            Target::Throughput(_) => format!("{:.2} of it", floor / self.figure),
            Target::Beyond(_) => format!("+{}", unit.text(self.figure - floor)),
            _ => format!("{:.2} x", self.figure / floor),
        });
        let met = match met {
            Some(true) => "yes",
            Some(false) => "NO",
            None => "",
        };
        [
            self.what.clone(),
            unit.text(self.figure),
            self.floor.map(|floor| unit.text(floor)).unwrap_or_default(),
            self.floor_is.clone(),
            ratio.unwrap_or_default(),
            target,
            met.to_owned(),
        ]
    }
}

impl Table {
    pub fn new(title: &'static str, unit: Unit) -> Self {
        Self { title, unit, rows: Vec::new(), notes: Vec::new() }
    }

    /// A Markdown table, its columns aligned, with the machine that it was measured on.
    pub fn text(&self) -> String {
        let head = ["figure", "is", "floor", "the floor", "ratio", "target", "met"].map(str::to_owned);
        let rows: Vec<[String; 7]> =
            std::iter::once(head).chain(self.rows.iter().map(|row| row.cells(self.unit))).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..7).map(width).collect();
        let mut text = format!("## {}\n\n{}\n\n", self.title, machine());
        for (index, row) in rows.iter().enumerate() {
            let cells: Vec<String> =
                row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            let _ = writeln!(text, "| {} |", cells.join(" | "));
            if index == 0 {
                let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
                let _ = writeln!(text, "| {} |", rule.join(" | "));
            }
        }
        for note in &self.notes {
            let _ = write!(text, "\n{note}\n");
        }
        text
    }

    /// Prints the table; with `--write FILE`, puts it into that file too, in the place of its last one.
    pub fn publish(&self) {
        let text = self.text();
        println!("\n{text}");
        if let Some(path) = wanted("--write") {
            self.write(&PathBuf::from(path), &text).expect("the file for the figures can be written");
        }
    }

    fn write(&self, path: &Path, text: &str) -> std::io::Result<()> {
        let old = match std::fs::read_to_string(path) {
            Ok(old) => old,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => HEAD.to_owned(),
            Err(error) => return Err(error),
        };
        let heading = format!("## {}\n", self.title);
        let mut parts: Vec<String> = Vec::new();
        for line in old.split_inclusive('\n') {
            if parts.is_empty() || line.starts_with("## ") {
                parts.push(String::new());
            }
            parts.last_mut().expect("a part was begun").push_str(line);
        }
        parts.retain(|part| !part.starts_with(&heading));
        let whole = format!("{}\n\n{text}", parts.concat().trim_end());
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, whole)
    }
}

/// The middle of some samples.
pub fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Seconds, as a person reads them.
pub fn millis(seconds: f64) -> String {
    let millis = seconds * 1e3;
    match millis.abs() {
        under if under < 1.0 => format!("{:.0} us", millis * 1e3),
        under if under < 100.0 => format!("{millis:.2} ms"),
        _ => format!("{millis:.0} ms"),
    }
}

/// The value of an option of the benchmark's own command line.
pub fn wanted(option: &str) -> Option<String> {
    let mut arguments = std::env::args().skip_while(|argument| argument != option);
    arguments.next().and_then(|_| arguments.next())
}

fn machine() -> String {
    let processors = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("an unknown processor", |(_, model)| model);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    let date = UnixTime::from_unix_seconds(i64::try_from(now).unwrap_or(0)).map(|now| now.date().to_string());
    format!(
        "{model}, {cores} cores, {} {}, {}; medians of one run, figure and floor in turns.",
        std::env::consts::OS,
        std::env::consts::ARCH,
        date.unwrap_or_default()
    )
}

const HEAD: &str = "# Figures\n\nWritten by `cargo bench -- --write docs/figures.md`.\n";
