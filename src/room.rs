//! Whether the machine gives the process what a run needs.

/// As many files as a run may have open at once: connections, the runtime's own, the CI's.
const RESERVE: usize = 24;

/// Makes sure that there is room for them. The runtime ends the process without a word where there is none.
pub(crate) fn check() -> std::io::Result<()> {
    let reserve: Result<Vec<_>, _> = (0..RESERVE).map(|_| std::fs::File::open("/dev/null")).collect();
    match reserve {
        // Of this process, of the whole machine.
        Err(error) if matches!(error.raw_os_error(), Some(24 | 23)) => Err(error),
        _ => Ok(()),
    }
}
