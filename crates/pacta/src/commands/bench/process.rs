//! What the system says of a process: processor time, memory, bytes written.

use std::fs;
use std::time::Duration;

use crate::failure::{Failure, Result};

/// Ticks of processor time per second in `/proc`: fixed to 100 by the kernel's interface.
const TICKS_PER_SECOND: u64 = 100;

/// Processor time that a process has used, in user and system mode.
///
/// # Errors
/// When the system does not say.
pub fn processor_time(process: u32) -> Result<Duration> {
    let stat = read(process, "stat")?;
    // The name of the program, in parentheses, may hold blanks; what follows it does not.
    let after = stat.rsplit_once(')').map(|(_, after)| after).unwrap_or_default();
    let fields: Vec<_> = after.split_whitespace().collect();
    let ticks = |index: usize| fields.get(index)?.parse::<u64>().ok();
    let used = ticks(11).zip(ticks(12)).map(|(user, system)| user + system);
    let ticks = used.ok_or_else(|| unreadable(process, "stat"))?;
    Ok(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
}

/// Resident memory of a process, in bytes.
///
/// # Errors
/// When the system does not say.
pub fn resident_bytes(process: u32) -> Result<u64> {
    let kib = field(process, "status", "VmRSS:")?;
    Ok(kib * 1024)
}

/// Bytes that a process has handed to the system for writing (`wchar`) and bytes that it caused to
/// be sent to a disk (`write_bytes`; 0 where the directory is in memory).
///
/// # Errors
/// When the system does not say.
pub fn written_bytes(process: u32) -> Result<(u64, u64)> {
    Ok((field(process, "io", "wchar:")?, field(process, "io", "write_bytes:")?))
}

fn field(process: u32, file: &'static str, label: &str) -> Result<u64> {
    let text = read(process, file)?;
    let line = text.lines().find_map(|line| line.strip_prefix(label));
    let number = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    number.ok_or_else(|| unreadable(process, file))
}

fn read(process: u32, file: &'static str) -> Result<String> {
    fs::read_to_string(format!("/proc/{process}/{file}")).map_err(|_| unreadable(process, file))
}

fn unreadable(process: u32, file: &str) -> Failure {
    Failure::failed(format!(
        "/proc/{process}/{file} cannot be read; run the measurement on Linux, as the same user"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_of_this_process_are_plausible() {
        let me = std::process::id();
        assert!(processor_time(me).expect("Linux tells") < Duration::from_secs(3600));
        assert!(resident_bytes(me).expect("Linux tells") > 100_000);
        assert!(written_bytes(me).is_ok());
    }
}
