//! The disk gives out at each single change that each act makes to it, in every way that a disk can: afterwards the act has
//! happened or has not, the file is whole, and what was said to be done is there.

mod acts;
mod material;
mod trial;
mod whole;

use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use faults::Fault;
use material::Material;
use trial::Survived;

#[test]
fn every_act_survives_every_fault_at_every_change() {
    let material = Material::make().expect("a vault");
    let (acts, next, survived) = (acts::acts(), AtomicUsize::new(0), Mutex::new(Survived::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(act) = acts.get(next.fetch_add(1, Ordering::Relaxed)) {
                    for (fault, count) in trial::of(&material, act) {
                        *survived.lock().expect("no other test failed").entry(fault).or_default() += count;
                    }
                }
            });
        }
    });
    let survived = survived.into_inner().expect("no test failed");
    let kinds: Vec<String> =
        survived.iter().map(|(fault, count)| format!("{} {count}", called(*fault))).collect();
    let (all, kinds) = (survived.values().sum::<usize>(), kinds.join(", "));
    // Past the test runner's capture.
    let _ = writeln!(
        std::io::stderr(),
        "reliability: I/O faults survived | {all} | {kinds}, in {} acts",
        acts.len()
    );
    assert!(survived.values().all(|count| *count > 0), "{kinds}");
}

fn called(fault: Fault) -> &'static str {
    match fault {
        Fault::DiskFull => "full disk",
        Fault::WriteError => "write error",
        Fault::FolderError => "folder not flushed",
        Fault::TornWrite => "torn write",
        Fault::PowerCut => "power cut",
    }
}
