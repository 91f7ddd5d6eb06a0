//! Whether the machine gives the process what a run needs.

use std::io::Result;

/// Checks that as many files can be open as a run needs at once: connections, the runtime's own, the CI's. Where they
/// cannot, the runtime would end the process without a message.
#[cfg(unix)]
pub(crate) fn check() -> Result<()> {
    use rustix::io::{Errno, fcntl_dupfd_cloexec};
    use std::os::fd::AsRawFd as _;
    const RESERVE: i32 = 24;
    let last = std::fs::File::open("/dev/null").and_then(|first| {
        // The first has the lowest number that is free; so many more are behind it if a copy can have the last of them.
        fcntl_dupfd_cloexec(&first, first.as_raw_fd() + RESERVE - 1).map_err(|error| match error {
            Errno::INVAL => Errno::MFILE.into(),
            other => other.into(),
        })
    });
    match last {
        // Of this process, of the whole machine.
        Err(error) if matches!(Errno::from_io_error(&error), Some(Errno::MFILE | Errno::NFILE)) => Err(error),
        _ => Ok(()),
    }
}

/// Elsewhere nothing limits them.
#[cfg(not(unix))]
pub(crate) fn check() -> Result<()> {
    Ok(())
}
