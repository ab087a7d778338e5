//! What waits apart: a person decides over what others wrote, and what became of the own is heard.

use super::device::Device;
use super::returned;
use crate::domain::identifier::Hash32;
use crate::domain::time::Timestamp;
use crate::environment::Environment;
use crate::error::{ErrorCode, Failure, Result};
use crate::protocol::apart::{
    ASKS_MAX, ApartAnswer, ApartRequest, DECISIONS_MAX, Decision, DecisionBody, Fate, NOTE_CHARS_MAX, OwnHead, Verdict,
};
use crate::protocol::cursor::Cursor;
use crate::store::device::Standing;
use crate::store::{Reading, Transaction, apart, outbox, photo_file};

/// Decides over envelopes that wait: all of them or, where one of them cannot be decided so, none. It is sent with the next
/// sync, and of two decisions the first that reaches the server stands.
///
/// # Errors
/// [`ErrorCode::NotAllowed`] without the role, [`ErrorCode::ConflictGone`] for what does not wait here any more,
/// [`ErrorCode::FieldInvalid`] for a note that is too long or for accepting what cannot be, the faults of a store.
pub fn decide(device: &mut Device, envelopes: &[Hash32], verdict: Verdict, note: &str) -> Result<Timestamp> {
    let now = device.environment.now();
    if !device.author.rights.role.decides_what_waits() {
        return Err(Failure::new(ErrorCode::NotAllowed, "the role does not decide over what waits"));
    }
    if note.chars().count() > NOTE_CHARS_MAX {
        return Err(Failure::invalid("note", "too_long"));
    }
    let Device { store, author, .. } = device;
    store.transact(|tx| {
        let waiting = Reading::within(tx).review()?;
        for envelope in envelopes {
            let item = waiting
                .iter()
                .find(|item| item.envelope == *envelope)
                .ok_or_else(|| Failure::new(ErrorCode::ConflictGone, "it does not wait any more"))?;
            if verdict == Verdict::Accept && !item.acceptable {
                return Err(Failure::invalid("accept", "not_acceptable"));
            }
            let body = DecisionBody { envelope: *envelope, verdict, note: note.trim().to_owned(), at: now };
            apart::put_decision(tx, &Decision::sign(body, &author.signer))?;
        }
        Ok(())
    })?;
    Ok(now)
}

/// Puts a form away that came back, when a person has looked at it. A draft that it became stays.
///
/// # Errors
/// The faults of a store.
pub fn put_away(device: &mut Device, counter: u64) -> Result<Timestamp> {
    let now = device.environment.now();
    device.store.transact(|tx| apart::put_away(tx, counter, now))?;
    Ok(now)
}

/// What this device says of what waits apart, in a request that `pushes` or does not. `asked_up_to` is the counter up to which the
/// request before has asked.
///
/// # Errors
/// The faults of a store.
pub(super) fn request(
    reading: Reading<'_>,
    standing: &Standing,
    pushes: bool,
    asked_up_to: u64,
) -> Result<ApartRequest> {
    let mut asked = reading.waiting_apart(asked_up_to, ASKS_MAX)?;
    if asked.is_empty() && asked_up_to > 0 {
        asked = reading.waiting_apart(0, ASKS_MAX)?;
    }
    Ok(ApartRequest {
        review: reading.review_hash()?,
        asks: asked.into_iter().map(|(_, hash)| hash).collect(),
        decisions: reading.untold_decisions(DECISIONS_MAX)?,
        own_head: (!pushes).then_some(OwnHead { counter: standing.counter, hash: standing.previous }),
        twin_known: reading.twin_known()?,
        given_back: None,
    })
}

/// Up to which counter a request has asked; 0 when it has asked about all.
///
/// # Errors
/// The faults of a store.
pub(super) fn asked_up_to(reading: Reading<'_>, request: Option<&ApartRequest>) -> Result<u64> {
    let asked_all = |request: &&ApartRequest| request.asks.len() < ASKS_MAX;
    let last = request.filter(|request| !asked_all(request)).and_then(|request| request.asks.last());
    let form = last.map(|hash| reading.own_form(*hash)).transpose()?.flatten();
    Ok(form.map_or(0, |(form, _)| form.counter))
}

/// What an answer changed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Heard {
    /// There is more to say at once.
    pub(super) again: bool,
    /// Changes were taken out of documents: what is written from now on needs another actor, so that no number of the
    /// old one is used twice.
    pub(super) actor_is_spent: bool,
}

/// Takes in what the server says.
///
/// # Errors
/// The faults of a store.
pub(super) fn take_in(
    tx: &Transaction<'_>,
    environment: &Environment,
    answer: ApartAnswer,
    standing: &mut Standing,
    now: Timestamp,
) -> Result<Heard> {
    let reading = Reading::within(tx);
    let mut heard = Heard::default();
    if let Some(items) = &answer.review {
        apart::set_review(tx, items)?;
    }
    for envelope in &answer.decided {
        apart::mark_told(tx, *envelope)?;
    }
    heard.again |= !answer.decided.is_empty() && !reading.untold_decisions(1)?.is_empty();
    for outcome in answer.outcomes {
        // Only what waits: an old answer, or one to the twin, changes nothing.
        let Some((form, true)) = reading.own_form(outcome.envelope)? else { continue };
        match outcome.fate {
            Fate::Unknown => {
                tracing::warn!(counter = form.counter, "the server has forgotten what it kept apart; offering again");
                outbox::offer_again(tx, form.counter)?;
                heard.again = true;
            }
            Fate::Accepted { seq } => {
                outbox::mark_stored(tx, form.counter, seq, now)?;
                heard.again |= photo_file::offer_again_with_record(tx, form.counter)?;
                returned::take_back(tx, &form)?;
            }
            Fate::Refused { by, at, note } => {
                heard.actor_is_spent |=
                    returned::come_back(tx, environment, &form, &returned::Refusal { by, at, note }, now)?;
            }
        }
    }
    if answer.twin && !reading.twin_known()? {
        tracing::warn!("another device writes under this certificate; beginning again with what it wrote");
        apart::set_twin_known(tx)?;
        standing.cursor = Cursor::START;
        heard.again = true;
    }
    Ok(heard)
}
