//! What waits apart, and the administration's decisions over it: signed with the administration's key and kept, as
//! everybody's are.

use std::path::{Path, PathBuf};

use automerge::Automerge;
use clap::{Args, Subcommand};
use jiafang_core::domain::doc::{self, DocumentKind, dossier_read};
use jiafang_core::domain::evidence_versions::EvidenceVersions;
use jiafang_core::domain::form_words::{self, FormWords};
use jiafang_core::domain::identifier::CertificateId;
use jiafang_core::environment::Environment;
use jiafang_core::error::{ErrorCode, Result};
use jiafang_core::protocol::apart::{Decision, DecisionBody, Verdict};
use jiafang_sync_server::county_ledger;
use jiafang_sync_server::identity::Identity;
use jiafang_sync_server::review::{self, Decided};
use jiafang_sync_server::store::apart::{self, ApartRow};
use jiafang_sync_server::store::{Connection, Store, log, register};

use super::console::say;
use super::usage;

#[derive(Debug, Subcommand)]
pub(super) enum Quarantine {
    /// Lists what waits, oldest first: no personal data.
    List {
        /// The server's data folder.
        #[arg(long)]
        data: PathBuf,
        /// Lists what was refused instead.
        #[arg(long)]
        refused: bool,
    },
    /// Shows what one record says: personal data.
    Show {
        /// The server's data folder.
        #[arg(long)]
        data: PathBuf,
        /// The record, as `list` names it; its first digits are enough.
        record: String,
    },
    /// Lets records into the log, under their author's name, with all that waits and was built on them.
    Accept(What),
    /// Refuses records with all that was built on them: their author's tablet shows them again, for another try.
    Refuse(What),
}

#[derive(Debug, Args)]
pub(super) struct What {
    /// The server's data folder.
    #[arg(long)]
    data: PathBuf,
    /// The records, as `list` names them; their first digits are enough.
    #[arg(required_unless_present = "device")]
    records: Vec<String>,
    /// All that waits of one device.
    #[arg(long)]
    device: Option<String>,
    /// A word to the author.
    #[arg(long, default_value = "")]
    note: String,
}

pub(super) fn run(command: Quarantine, environment: &Environment) -> Result<()> {
    match command {
        Quarantine::List { data, refused } => list(&data, refused),
        Quarantine::Show { data, record } => show(&data, &record),
        Quarantine::Accept(what) => decide(&what, Verdict::Accept, environment),
        Quarantine::Refuse(what) => decide(&what, Verdict::Refuse, environment),
    }
}

fn list(data: &Path, refused: bool) -> Result<()> {
    let rows = Store::open(data)?.read(if refused { apart::refused } else { apart::all })?;
    if rows.is_empty() {
        say(if refused { "Nothing was refused." } else { "Nothing waits." });
    }
    for row in rows {
        say(&line(&row));
    }
    Ok(())
}

fn line(row: &ApartRow) -> String {
    let state = match (row.verdict, row.acceptable) {
        (Some(Verdict::Accept), _) => "\taccepted: waits for what it builds on",
        (Some(Verdict::Refuse), _) => "\trefused",
        (None, true) => "",
        (None, false) => "\tcan only be refused",
    };
    format!(
        "{}\t{}\t{}\tdevice {} no. {}\tdossier {}{state}",
        row.hash,
        row.received_at.to_minute_text(),
        row.reason.key(),
        row.certificate,
        row.counter,
        row.document
    )
}

/// The one record whose name begins so.
fn named(connection: &Connection, text: &str) -> Result<ApartRow> {
    let digits = text.to_lowercase();
    let mut rows = apart::all(connection)?;
    rows.extend(apart::refused(connection)?);
    rows.retain(|row| row.hash.to_string().starts_with(&digits));
    match rows.as_slice() {
        [row] => Ok(row.clone()),
        [] => Err(usage(format!("{text}: nothing of that name waits; `quarantine list` names what does"))),
        _ => Err(usage(format!("{text}: several records begin so; give more digits"))),
    }
}

fn show(data: &Path, record: &str) -> Result<()> {
    let store = Store::open(data)?;
    // Before the county has written its document, proofs have their default names.
    let county = match county_ledger::county(&store) {
        Ok(county) => Some(county),
        Err(failure) if failure.code == ErrorCode::DocumentDamaged => None,
        Err(failure) => return Err(failure),
    };
    let rules = EvidenceVersions::of(county.as_ref().map_or(&[], |county| county.evidence.as_slice()));
    let (row, author, words) = store.read(|connection| {
        let row = named(connection, record)?;
        let author = register::holder(connection, row.certificate)?.map(|holder| holder.name);
        let words = said(connection, &row, &rules)?;
        Ok((row, author, words))
    })?;
    say(&line(&row));
    say(&format!("by {}", author.as_deref().unwrap_or("nobody whom the register knows")));
    match words {
        None => say("It cannot be read."),
        Some(words) => {
            for word in words {
                say(&serde_json::to_string(&word).unwrap_or_default());
            }
        }
    }
    Ok(())
}

/// What a record says against the dossier as the log has it, with what the same device wrote before it; shielded.
fn said(connection: &Connection, row: &ApartRow, rules: &EvidenceVersions<'_>) -> Result<Option<Vec<FormWords>>> {
    // Whoever keeps the server need not read what endangers a child; and of a village there are no words of a dossier.
    if matches!(row.envelope()?.body.kind, DocumentKind::Restricted | DocumentKind::Place) {
        return Ok(None);
    }
    let mut document = doc::empty(DocumentKind::Dossier)?;
    let mut envelopes = log::of_document(connection, row.document)?;
    for before in apart::of_device(connection, row.certificate, row.document)? {
        if before.counter < row.counter {
            envelopes.push(before.envelope()?);
        }
    }
    let mut changes = Vec::new();
    for envelope in envelopes {
        changes.extend(doc::read_change(&envelope.body.change));
    }
    if doc::apply(&mut document, changes.clone()).is_err() {
        document = doc::apply_passing_over(DocumentKind::Dossier, &doc::empty(DocumentKind::Dossier)?, changes).0;
    }
    let Ok(change) = doc::read_change(&row.envelope()?.body.change) else { return Ok(None) };
    let read = |document: &Automerge| dossier_read::read(document).unwrap_or_default();
    let before = read(&document);
    let applied = doc::apply(&mut document, vec![change]).is_ok();
    Ok(applied.then(|| form_words::between(&before, &read(&document), rules)))
}

fn decide(what: &What, verdict: Verdict, environment: &Environment) -> Result<()> {
    let store = Store::open(&what.data)?;
    let identity = Identity::read(&what.data)?;
    let device = what
        .device
        .as_ref()
        .map(|text| {
            CertificateId::parse(text).ok_or_else(|| usage(format!("--device {text}: `quarantine list` names them")))
        })
        .transpose()?;
    let rows = store.read(|connection| {
        let mut rows = Vec::new();
        for record in &what.records {
            rows.push(named(connection, record)?);
        }
        if let Some(device) = device {
            let all = apart::all(connection)?;
            rows.extend(all.into_iter().filter(|row| row.certificate == device && row.verdict.is_none()));
        }
        Ok(rows)
    })?;
    let now = environment.now();
    for row in rows {
        let body = DecisionBody { envelope: row.hash, verdict, note: what.note.clone(), at: now };
        let decision = Decision::sign(body, &identity.administration);
        let became = store.transact(|tx| {
            let county = register::county(tx)?;
            let Some(decider) = register::holder(tx, county.certificate)? else { return Ok(Decided::NotAllowed) };
            let became = review::decide(tx, &decider, &decision, now)?;
            review::release(tx, &county, now)?;
            Ok(became)
        })?;
        let words = match (became, verdict) {
            (Decided::Taken, Verdict::Accept) => "accepted",
            (Decided::Taken, Verdict::Refuse) => "refused",
            (Decided::NotAcceptable, _) => "cannot be accepted: it can only be refused",
            (Decided::Before, _) => "was decided before, with what it builds on or by itself: nothing was changed",
            (Decided::Early | Decided::NotAllowed, _) => "could not be decided",
        };
        say(&format!("{}\t{words}", row.hash));
    }
    Ok(())
}
