//! Files that a CI system or a user names: appended to, or replaced as a whole.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use tempfile::NamedTempFile;

/// Appends whole lines; a file that does not end with a line break gets one first.
pub(super) fn append(path: &str, text: &str) -> anyhow::Result<()> {
    refuse_pipes(Path::new(path))?;
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    let mut file = options.open(path).context("it cannot be opened")?;
    let gap = if ends_with_line(&mut file) { "" } else { "\n" };
    // One write, so that a kill leaves either all of it or nothing.
    let text = format!("{gap}{text}");
    file.write_all(text.as_bytes())
        .context("it cannot be written")
}

fn ends_with_line(file: &mut File) -> bool {
    let mut last = [b'\n'];
    let read = file
        .seek(SeekFrom::End(-1))
        .and_then(|_| file.read_exact(&mut last));
    read.is_err() || last == [b'\n']
}

/// Replaces a file as a whole: a reader sees the old text or the new one. What is no ordinary file is written in place,
/// a link is followed, and the file keeps its mode. `others` are files that must not be lost.
pub(super) fn replace(path: &str, text: &str, others: &[&str]) -> anyhow::Result<()> {
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| PathBuf::from(path));
    for other in others {
        if std::fs::canonicalize(other).is_ok_and(|other| other == path) {
            bail!("it is a file of the CI system, which other steps need");
        }
    }
    refuse_pipes(&path)?;
    let metadata = std::fs::metadata(&path).ok();
    if metadata
        .as_ref()
        .is_some_and(|metadata| !metadata.is_file())
    {
        return std::fs::write(&path, text).context("it cannot be written");
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut temporary = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))
        // The error itself would name the folder, and nobody knows what was written there.
        .map_err(|error| std::io::Error::from(error.kind()))
        .context("its folder cannot be written")?;
    temporary
        .write_all(text.as_bytes())
        .context("it cannot be written")?;
    let mode = metadata
        .map(|metadata| metadata.permissions())
        .or_else(readable_by_all);
    if let Some(mode) = mode {
        temporary
            .as_file()
            .set_permissions(mode)
            .context("its mode cannot be set")?;
    }
    temporary.persist(&path).context("it cannot be replaced")?;
    Ok(())
}

/// A pipe without a reader would hold the run for ever.
fn refuse_pipes(path: &Path) -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        let kind = std::fs::metadata(path).map(|metadata| metadata.file_type());
        if kind.is_ok_and(|kind| kind.is_fifo() || kind.is_socket()) {
            bail!("it is a pipe");
        }
    }
    let _ = path;
    Ok(())
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
        assert_eq!(
            std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o600
        );
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
        let made = std::process::Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap();
        assert!(made.success());
        assert!(replace(pipe.to_str().unwrap(), "new", &[]).is_err());
        assert!(append(pipe.to_str().unwrap(), "new").is_err());
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
