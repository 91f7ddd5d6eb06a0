//! Files that a CI system or a user names: appended to, or replaced as a whole.

use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tempfile::NamedTempFile;

/// A device that nobody reads from, such as a terminal that was stopped, is given up after this time.
const PATIENCE: Duration = Duration::from_millis(800);

/// An old text longer than this is not kept in mind while a new one is written over it.
const LONGEST_KEPT: u64 = 16 * 1024 * 1024;

/// Appends whole lines; a file that does not end with a line break gets one first. A write that fails half way leaves
/// nothing behind: half an entry makes the whole file unreadable.
pub(super) fn append(path: &str, text: &str) -> anyhow::Result<()> {
    let path = Path::new(path);
    if !is_ordinary(path)? {
        return write_to_device(path, text);
    }
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    let mut file = options.open(path).context("it cannot be opened")?;
    let gap = if ends_with_line(&mut file) { "" } else { "\n" };
    let before = file.metadata().context("it cannot be read")?.len();
    // One write, so that a kill leaves either all of it or nothing.
    let text = format!("{gap}{text}");
    write_or_take_back(&mut file, before, text.as_bytes()).context("it cannot be written")
}

fn ends_with_line(file: &mut File) -> bool {
    let mut last = [b'\n'];
    let read = file.seek(SeekFrom::End(-1)).and_then(|_| file.read_exact(&mut last));
    read.is_err() || last == [b'\n']
}

/// What is written to, and can be cut off again.
trait Cut: Write {
    fn cut(&mut self, length: u64) -> io::Result<()>;
}

impl Cut for File {
    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }
}

/// Writes all of it at the end, or leaves the length that was there before.
fn write_or_take_back(file: &mut impl Cut, before: u64, text: &[u8]) -> io::Result<()> {
    let written = file.write_all(text).and_then(|()| file.flush());
    if written.is_err() {
        // What cannot be taken back stays; the failure is told either way.
        drop(file.cut(before));
    }
    written
}

/// Makes the folder of a file that a user named.
pub(super) fn make_folder(path: &str) -> anyhow::Result<()> {
    match folder_of(Path::new(path)) {
        Some(folder) if !folder.exists() => {
            std::fs::create_dir_all(folder).map_err(nameless).context("its folder cannot be made")
        }
        _ => Ok(()),
    }
}

fn folder_of(path: &Path) -> Option<&Path> {
    path.parent().filter(|folder| !folder.as_os_str().is_empty())
}

/// The same error without the path in it: nobody knows what was written there.
fn nameless(error: io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::from(error.kind()),
    }
}

/// Replaces a file as a whole: a reader sees the old text or the new one. A file that cannot be replaced (a mount of its
/// own, or in a folder that is not ours) is written in place, and so is what is no ordinary file; a link is followed,
/// and the file keeps its mode. `others` are files that must not be lost.
pub(super) fn replace(path: &str, text: &str, others: &[&str]) -> anyhow::Result<()> {
    let named = Path::new(path);
    if named.is_symlink() && !named.exists() {
        // A link to where nothing is yet.
        return write_to_device(named, text);
    }
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| PathBuf::from(path));
    for other in others {
        if std::fs::canonicalize(other).is_ok_and(|other| other == path) {
            bail!("it is a file of the CI system, which other steps need");
        }
    }
    if !is_ordinary(&path)? {
        return write_to_device(&path, text);
    }
    let metadata = std::fs::metadata(&path).ok();
    let mode = metadata.as_ref().map(Metadata::permissions).or_else(readable_by_all);
    let folder = folder_of(&path).unwrap_or(Path::new("."));
    let temporary = NamedTempFile::new_in(folder).map_err(nameless).context("its folder cannot be written");
    let mut temporary = match temporary {
        Err(_) if metadata.is_some() => return write_in_place(&path, text),
        temporary => temporary?,
    };
    temporary.write_all(text.as_bytes()).map_err(nameless).context("it cannot be written")?;
    if let Some(mode) = mode {
        temporary.as_file().set_permissions(mode).context("its mode cannot be set")?;
    }
    match temporary.persist(&path) {
        Err(_) if metadata.is_some() => write_in_place(&path, text),
        Err(failure) => Err(nameless(failure.error)).context("it cannot be replaced"),
        Ok(_) => Ok(()),
    }
}

/// Writes over what is there, and puts that back if it fails half way. It is opened as a file that exists: creating one
/// is forbidden in some folders in which writing is not.
fn write_in_place(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut old = Vec::new();
    if let Ok(mut file) = File::open(path)
        && file.metadata().is_ok_and(|it| it.len() <= LONGEST_KEPT)
    {
        drop(file.read_to_end(&mut old));
    }
    let mut file =
        OpenOptions::new().write(true).truncate(true).open(path).context("it can be neither replaced nor written")?;
    let written = write_or_take_back(&mut file, 0, text.as_bytes());
    if written.is_err() {
        let put_back = file.rewind().and_then(|()| file.write_all(&old));
        drop(put_back);
    }
    written.context("it cannot be written")
}

/// Whether there is a file that can be cut and replaced, or nothing yet. A pipe is refused: without a reader it would
/// hold the run for ever.
fn is_ordinary(path: &Path) -> anyhow::Result<bool> {
    let Ok(metadata) = std::fs::metadata(path) else {
        return Ok(true);
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        let kind = metadata.file_type();
        if kind.is_fifo() || kind.is_socket() {
            bail!("it is a pipe");
        }
    }
    if metadata.is_dir() {
        bail!("it is a folder");
    }
    Ok(metadata.is_file())
}

/// Writes to a terminal or another device, on a thread of its own: it may never take what it is given.
fn write_to_device(path: &Path, text: &str) -> anyhow::Result<()> {
    let (path, text) = (path.to_owned(), text.to_owned());
    let write = move || {
        let mut options = OpenOptions::new();
        let mut device = options.append(true).create(true).open(path)?;
        device.write_all(text.as_bytes())
    };
    match in_time(write, PATIENCE) {
        Some(written) => written.map_err(nameless).context("it cannot be written"),
        None => bail!("nobody reads from it"),
    }
}

/// What came of some work, if it has ended in time; if not, it is left alone.
fn in_time<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static, patience: Duration) -> Option<T> {
    let (sender, done) = mpsc::channel();
    std::thread::spawn(move || drop(sender.send(work())));
    done.recv_timeout(patience).ok()
}

#[cfg(unix)]
fn readable_by_all() -> Option<Permissions> {
    use std::os::unix::fs::PermissionsExt as _;
    Some(Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable_by_all() -> Option<Permissions> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_link_is_followed_and_a_mode_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        std::fs::write(&file, "old").unwrap();
        std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        replace(link.to_str().unwrap(), "new", &[]).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn a_file_of_the_ci_system_and_a_pipe_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "old").unwrap();
        let path = file.to_str().unwrap();
        assert!(replace(path, "new", &[path]).is_err());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "old");
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        assert!(replace(pipe.to_str().unwrap(), "new", &[]).is_err());
        assert!(append(pipe.to_str().unwrap(), "new").is_err());
    }

    /// A file on a disk that has room for so many bytes.
    struct Disk {
        bytes: Vec<u8>,
        room: usize,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let room = self.room - self.bytes.len();
            if room == 0 {
                return Err(io::Error::from(io::ErrorKind::StorageFull));
            }
            self.bytes.extend(bytes.iter().take(room));
            Ok(bytes.len().min(room))
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Cut for Disk {
        fn cut(&mut self, length: u64) -> io::Result<()> {
            self.bytes.truncate(usize::try_from(length).unwrap_or(usize::MAX));
            Ok(())
        }
    }

    #[test]
    fn a_disk_that_fills_up_leaves_what_was_there_before() {
        let text = b"reason<<X\nvalue\nX\n";
        for room in 4..=30 {
            let bytes = b"a=b\n".to_vec();
            let mut disk = Disk { bytes, room };
            let written = write_or_take_back(&mut disk, 4, text).is_ok();
            assert_eq!(written, room >= 4 + text.len());
            let whole = [b"a=b\n", &text[..]].concat();
            assert_eq!(disk.bytes, if written { &whole[..] } else { b"a=b\n" });
        }
    }

    #[test]
    fn a_device_that_takes_nothing_is_told_and_one_that_never_answers_is_given_up() {
        assert!(append("/dev/full", "text\n").is_err());
        assert!(replace("/dev/full", "text\n", &[]).is_err());
        assert!(replace("/dev/null", "text\n", &[]).is_ok());
        let (_held, never) = mpsc::channel::<()>();
        assert_eq!(in_time(move || never.recv(), Duration::ZERO), None);
    }

    #[test]
    fn a_link_to_where_nothing_is_yet_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        std::os::unix::fs::symlink(&file, &link).unwrap();
        replace(link.to_str().unwrap(), "new", &[]).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "new");
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn a_missing_folder_is_made_only_when_asked() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a/b/out.json");
        let path = file.to_str().unwrap();
        assert!(replace(path, "new", &[]).is_err());
        make_folder(path).unwrap();
        replace(path, "new", &[]).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "new");
        let inside_a_file = format!("{path}/x");
        assert!(make_folder(&inside_a_file).is_ok());
        assert!(make_folder(&format!("{inside_a_file}/y")).is_err());
    }

    #[test]
    fn what_is_appended_begins_on_a_line_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "old").unwrap();
        append(file.to_str().unwrap(), "new\n").unwrap();
        append(file.to_str().unwrap(), "newer\n").unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "old\nnew\nnewer\n");
    }
}
