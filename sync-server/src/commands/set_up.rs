//! Setting a county up, serving it, backing it up.

use std::net::SocketAddr;
use std::path::Path;

use jiafang_core::domain::county::County;
use jiafang_core::domain::identifier::Hash32;
use jiafang_core::environment::Environment;
use jiafang_core::error::{ErrorCode, Failure, Result};
use jiafang_core::vault::enrolment_code::EnrolmentCode;
use jiafang_core::vault::recovery_key::RecoveryKeyPair;
use jiafang_sync_server::backup::{back_up, lies_within};
use jiafang_sync_server::identity::{Identity, write_private};
use jiafang_sync_server::materialise::{self, Looker};
use jiafang_sync_server::serve::{Server, check_keys};
use jiafang_sync_server::setup::{self, Setup};
use jiafang_sync_server::store::Store;

use super::console::{say, warn};
use super::{read_text, usage};

/// What `init` is told.
pub(super) struct Init<'a> {
    pub(super) data: &'a Path,
    pub(super) county_file: &'a Path,
    pub(super) address: &'a str,
    pub(super) recovery_file: &'a Path,
    pub(super) without_backup: bool,
    pub(super) own_tls: Option<(String, String)>,
}

pub(super) fn init(init: &Init<'_>, environment: &Environment) -> Result<()> {
    let county: County = serde_json::from_str(&read_text(init.county_file)?)
        .map_err(|cause| usage(format!("the county file cannot be read: {cause}")))?;
    let mistakes = county.mistakes();
    if !mistakes.is_empty() {
        let told: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        return Err(usage(format!("the county file has mistakes: {}", told.join("; "))));
    }
    let recovery_file = init.recovery_file.display();
    if init.recovery_file.exists() {
        return Err(usage(format!("{recovery_file} is there already: a recovery key is never overwritten")));
    }
    if lies_within(init.recovery_file, init.data) {
        return Err(usage(format!(
            "--recovery-key {recovery_file}: the recovery key must not lie on the server; name a file outside of --data, \
             best on a stick"
        )));
    }
    // The same check as each enrolment code makes, before there is a county that nobody could be invited to.
    let code = EnrolmentCode::new(init.address, Hash32::ZERO, [0; 16])
        .map_err(|_| usage(format!("--address {}: write host:port, as tablets reach the server", init.address)))?;
    let host = code.address().rsplit_once(':').map_or("", |(host, _port)| host);
    let mut identity = Identity::create(host.trim_matches(['[', ']']), environment)?;
    if let Some((certificate, key)) = &init.own_tls {
        identity = identity.with_server_certificate(certificate.clone(), key.clone());
        check_keys(&identity)
            .map_err(|failure| usage(format!("--tls-certificate and --tls-key: {}", failure.detail)))?;
    }
    let recovery = RecoveryKeyPair::generate(environment);
    // The key that cannot be made again is written first: a county without it would be of no use.
    write_private(init.recovery_file, recovery.secret.to_text().as_bytes())?;
    let setup = Setup {
        county: &county,
        address: code.address(),
        recovery: &recovery.public,
        without_backup: init.without_backup,
    };
    if let Err(failure) = setup::create(init.data, &setup, &identity, environment) {
        std::fs::remove_file(init.recovery_file)?;
        return Err(failure);
    }
    say(&format!("The county {} is set up in {}.", county.county.name, init.data.display()));
    say(&format!(
        "The recovery key is in {recovery_file}. Move that file to a stick, lock the stick away, and delete it \
         here: it opens every tablet whose PIN was forgotten, and it cannot be made again."
    ));
    if init.without_backup {
        say("No backup was chosen: tablets will say so to everybody.");
    } else {
        say("Tablets keep their own copies until `backup` has run: let it run every night.");
    }
    say("Next: `serve`, and `invite` for each person.");
    Ok(())
}

pub(super) fn serve(data: &Path, listen: SocketAddr, environment: Environment) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|cause| Failure::caused(ErrorCode::ServerFault, "the runtime", cause))?;
    let own_clock = environment.clone();
    runtime.block_on(async {
        let running = Server::open(data, environment)?.packing_after_looks().start(listen).await?;
        // Apart from all that answers: nobody waits for it.
        let looking = materialise::keep_looking(Store::open(data)?, Looker::own(std::env::current_exe()?), own_clock);
        say(&format!("Serving on {}. Stop with Ctrl+C.", running.address));
        if let Err(cause) = stopped().await {
            tracing::error!(%cause, "no signal can be waited for");
            running.wait().await;
            looking.stop();
            return Ok(());
        }
        say("Stopping: requests in work are finished first.");
        running.stop().await;
        looking.stop();
        Ok(())
    })
}

#[cfg(unix)]
async fn stopped() -> std::io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        ended = tokio::signal::ctrl_c() => ended,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn stopped() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}

pub(super) fn backup(data: &Path, to: &Path) -> Result<()> {
    let backed_up = back_up(data, &Store::open(data)?, to)?;
    say(&format!(
        "Backed up to {}: {} records, {} photo files ({} new). The copy was checked.",
        backed_up.folder.display(),
        backed_up.seq,
        backed_up.photos.files,
        backed_up.photos.files_new
    ));
    if backed_up.photos.damaged > 0 {
        warn(&format!(
            "{} photo files are gone or damaged on this server and not in the backup; the log names them. Look for them in \
             an earlier backup, under photos/. All records are backed up.",
            backed_up.photos.damaged
        ));
    }
    Ok(())
}
