//! Whether the machine gives the process what a run needs.

/// As many files as a run may have open at once: connections, the runtime's own, the CI's.
const RESERVE: usize = 24;

/// Checks that so many can be opened. Where they cannot, the runtime would end the process without a message.
pub(crate) fn check() -> std::io::Result<()> {
    let reserve: Result<Vec<_>, _> = (0..RESERVE).map(|_| std::fs::File::open("/dev/null")).collect();
    match reserve {
        // Of this process, of the whole machine.
        Err(error) if matches!(error.raw_os_error(), Some(24 | 23)) => Err(error),
        _ => Ok(()),
    }
}
