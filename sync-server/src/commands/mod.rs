//! The command line. Every error is a sentence that says what to do.

mod console;
mod people;
mod quarantine;
mod set_up;
mod watch;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use console::warn;
use jiafang_core::environment::Environment;
use jiafang_core::error::{ErrorCode, Failure, Result};
use jiafang_sync_server::materialise;

/// The sync server of Jiafang 家访.
#[derive(Debug, Parser)]
#[command(name = "jiafang-sync-server", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Durability {
    /// Tablets let go of what a verified backup holds.
    Backup,
    /// No backup: tablets let go of what the server's disk holds, and people are told so.
    Local,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes a county from a file with its places and schools.
    Init {
        /// The server's data folder; made when it is not there.
        #[arg(long)]
        data: PathBuf,
        /// The county file (JSON): county, places, schools.
        #[arg(long)]
        county: PathBuf,
        /// host:port under which tablets reach this server.
        #[arg(long)]
        address: String,
        /// Where the private half of the recovery key is written, once. Keep that file offline.
        #[arg(long)]
        recovery_key: PathBuf,
        /// What counts as durable.
        #[arg(long, value_enum, default_value = "backup")]
        durability: Durability,
        /// A certificate of your own (PEM), with --tls-key; otherwise one is made.
        #[arg(long, requires = "tls_key")]
        tls_certificate: Option<PathBuf>,
        /// The key of --tls-certificate (PEM).
        #[arg(long, requires = "tls_certificate")]
        tls_key: Option<PathBuf>,
    },
    /// Serves the county.
    Serve {
        /// The server's data folder.
        #[arg(long)]
        data: PathBuf,
        /// The address to listen on.
        #[arg(long, default_value = "0.0.0.0:8443")]
        listen: SocketAddr,
    },
    /// Invites a person: prints a one-time enrolment code, also as a QR. Works while the server serves.
    Invite {
        /// The server's data folder.
        #[arg(long)]
        data: PathBuf,
        /// subject_teacher, class_teacher, records_clerk, school_lead, principal, township_officer,
        /// village_cadre, county_section, county_lead
        #[arg(long)]
        role: String,
        /// place:CODE, school:CODE or class:CODE/P2024/1 (P primary or J junior, entry year; number); may be given
        /// several times.
        #[arg(long, required = true)]
        scope: Vec<String>,
        /// The name as colleagues know it.
        #[arg(long)]
        name: String,
        /// Another device for somebody who is known: the id as `people` lists it. Role and scopes are what they are from
        /// now on.
        #[arg(long)]
        person: Option<String>,
        /// Days until the code expires.
        #[arg(long, default_value_t = 14)]
        valid_days: u32,
        /// Writes the QR as a picture, too.
        #[arg(long)]
        png: Option<PathBuf>,
    },
    /// Writes a consistent, verified copy of everything while the server serves.
    Backup {
        /// The server's data folder.
        #[arg(long)]
        data: PathBuf,
        /// The folder of the backup; an earlier one there is brought up to date.
        #[arg(long)]
        to: PathBuf,
    },
    /// Lists people and their devices.
    People {
        /// The server's data folder.
        #[arg(long)]
        data: PathBuf,
    },
    /// Shuts a device out: a lost tablet.
    Revoke {
        /// The server's data folder.
        #[arg(long)]
        data: PathBuf,
        /// The certificate, as `people` lists it.
        #[arg(long)]
        certificate: String,
    },
    /// Records that wait apart until a person decides: lists and shows them, and decides.
    #[command(subcommand)]
    Quarantine(quarantine::Quarantine),
    /// Lists dossiers of which something cannot be read, with the reason and since when.
    Poisoned {
        /// The server's data folder.
        #[arg(long)]
        data: PathBuf,
    },
    /// Looks at a dossier for the server; it says how by the standard input.
    #[command(name = materialise::COMMAND, hide = true)]
    LookAtDossiers,
    /// Prints the ledger as the server's log has it, tab-separated.
    Ledger {
        /// The server's data folder.
        #[arg(long)]
        data: PathBuf,
    },
    /// Answers a tablet whose PIN was forgotten.
    Recover {
        /// The file with the private half of the recovery key.
        #[arg(long)]
        recovery_key: PathBuf,
        /// The request as the tablet shows it.
        request: String,
    },
}

/// Runs the command line.
pub(crate) fn run() -> ExitCode {
    match dispatch(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            warn(&sentence(&failure));
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command) -> Result<()> {
    let environment = Environment::of_this_machine();
    match command {
        Command::Init { data, county, address, recovery_key, durability, tls_certificate, tls_key } => set_up::init(
            &set_up::Init {
                data: &data,
                county_file: &county,
                address: &address,
                recovery_file: &recovery_key,
                without_backup: durability == Durability::Local,
                own_tls: match (tls_certificate, tls_key) {
                    (Some(certificate), Some(key)) => Some((read_text(&certificate)?, read_text(&key)?)),
                    _ => None,
                },
            },
            &environment,
        ),
        Command::Serve { data, listen } => set_up::serve(&data, listen, environment),
        Command::Backup { data, to } => set_up::backup(&data, &to),
        Command::Invite { data, role, scope, name, person, valid_days, png } => people::invite(
            &data,
            people::Invitation { role, scopes: scope, name, person, valid_days },
            png.as_deref(),
            &environment,
        ),
        Command::People { data } => people::list(&data),
        Command::Revoke { data, certificate } => people::revoke(&data, &certificate, &environment),
        Command::Recover { recovery_key, request } => people::recover(&recovery_key, &request, &environment),
        Command::Quarantine(command) => quarantine::run(command, &environment),
        Command::Poisoned { data } => watch::poisoned(&data),
        Command::LookAtDossiers => materialise::look_at(std::io::stdin().lock(), std::io::stdout().lock()),
        Command::Ledger { data } => watch::ledger(&data, &environment),
    }
}

/// What a file of text says. Windows' editor may put a mark before UTF-8 (U+FEFF), which is no part of it.
fn read_text(path: &Path) -> Result<String> {
    let mut text = std::fs::read_to_string(path)?;
    if text.starts_with('\u{feff}') {
        text.remove(0);
    }
    Ok(text)
}

fn usage(detail: String) -> Failure {
    Failure::new(ErrorCode::FieldInvalid, detail)
}

/// What went wrong and what to do, in a sentence.
fn sentence(failure: &Failure) -> String {
    let detail = &failure.detail;
    let cause = failure.cause.as_ref().map(|cause| format!(" ({cause})")).unwrap_or_default();
    match failure.code {
        ErrorCode::AlreadyEnrolled => {
            "This folder holds a county already; nothing was changed. Choose another folder for a new county."
                .to_owned()
        }
        ErrorCode::NotEnrolled => {
            "This folder holds no county. Make one with `init`, or name the right folder with --data.".to_owned()
        }
        ErrorCode::StoreTooNew => {
            "This folder was written by a newer version; nothing was changed. Install that version.".to_owned()
        }
        ErrorCode::StoreDamaged => {
            format!("Something in the folder is damaged: {detail}{cause}. Restore the last backup to a new folder.")
        }
        ErrorCode::StoreFailed => {
            format!("The store could not be opened{cause}. Is --data the right folder? `init` makes a new one.")
        }
        ErrorCode::DiskFull => "The disk is full; nothing was changed. Make room and try again.".to_owned(),
        ErrorCode::FileWriteFailed => {
            format!("A file could not be read or written{cause}. Check the path and its rights, and try again.")
        }
        ErrorCode::FieldInvalid | ErrorCode::FieldMissing => {
            format!("This cannot be used: {detail}. Correct it and try again.")
        }
        ErrorCode::RequestUnreadable => {
            "The request was mistyped, or it was made for another county. Compare it with what the tablet shows."
                .to_owned()
        }
        ErrorCode::ServerFault => {
            format!("The server cannot listen there{cause}. Is another one running? Choose another --listen.")
        }
        _ => format!("It failed: {detail}{cause}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_county_file_that_windows_editor_saved_is_read_like_any_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("county.json");
        for bytes in ["{}\r\n", "\u{feff}{}\r\n"] {
            jiafang_core::files::write_atomically(&path, bytes.as_bytes()).unwrap();
            assert_eq!(read_text(&path).unwrap(), "{}\r\n");
        }
    }
}
