//! The evidence file of a child (就读佐证 1+X, handbook 3.11): proofs as entries that are only ever added, and the fold that
//! says on a day what is there, what is missing, and what ends soon.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::actor::Actor;
use super::dossier::Dossier;
use super::evidence_rules::{EvidenceOf, EvidenceRules, Holds, ProofKind};
use super::evidence_versions::EvidenceVersions;
use super::form_check::filled;
use super::identifier::EntryId;
use super::time::{Day, Timestamp};
use crate::error::{Failure, Result};

/// The longest note, in characters.
const NOTE_CHARS_MAX: usize = 1_000;
/// The longest name of an office and the longest number, in characters.
const LINE_CHARS_MAX: usize = 200;
/// So many school years back a paper may be put on file.
const YEARS_BACK_MAX: i16 = 12;

/// A proof as it is put on file, or the withdrawal of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct EvidenceForm {
    /// The key of its kind in the rules.
    pub proof: String,
    /// The school year that it is for, by the year in which that begins.
    #[ts(type = "number")]
    pub school_year: i16,
    /// Who issued it: a school, a hospital, an office.
    #[serde(default)]
    pub issued_by: String,
    /// The number on it.
    #[serde(default)]
    pub number: String,
    /// The last day on which it holds; none: for good.
    #[serde(default)]
    pub valid_until: Option<Day>,
    /// What there is to say; why it is withdrawn.
    #[serde(default)]
    pub note: String,
    /// Takes back what it replaces, and puts nothing in its place.
    #[serde(default)]
    pub withdrawn: bool,
}

/// A year of school, by the year in which it begins.
#[must_use]
pub fn school_year(day: Day) -> i16 {
    day.school_year_start().0.year()
}

/// The last day on which a proof of a kind holds that is put on file on a day, where none stands on it.
#[must_use]
pub fn usual_end(kind: &ProofKind, on: Day) -> Option<Day> {
    match (kind.dated, kind.holds) {
        (true, _) | (false, Holds::Lasting) => None,
        (false, Holds::Term) => Some(on.half_year_end()),
        (false, Holds::SchoolYear) => Some(on.school_year_end()),
    }
}

impl EvidenceForm {
    /// Checks a form that is to be recorded with so many photographed pages in the place of so many entries.
    ///
    /// # Errors
    /// [`crate::error::ErrorCode::FieldMissing`] or [`crate::error::ErrorCode::FieldInvalid`], with the field.
    pub fn validate(&self, rules: &EvidenceVersions<'_>, today: Day, page_count: usize, replaced: usize) -> Result<()> {
        let kind = rules.kind(&self.proof, today).ok_or_else(|| Failure::invalid("proof", "unknown"))?;
        for (field, text, longest) in [
            ("issuedBy", &self.issued_by, LINE_CHARS_MAX),
            ("number", &self.number, LINE_CHARS_MAX),
            ("note", &self.note, NOTE_CHARS_MAX),
        ] {
            if text.chars().count() > longest {
                return Err(Failure::invalid(field, "too_long"));
            }
        }
        let year = school_year(today);
        if self.school_year > year || self.school_year < year.saturating_sub(YEARS_BACK_MAX) {
            return Err(Failure::invalid("schoolYear", "out_of_range"));
        }
        if self.withdrawn {
            if replaced == 0 {
                return Err(Failure::invalid("proof", "unknown"));
            }
            return filled(&self.note, "note");
        }
        if kind.dated && self.valid_until.is_none() {
            return Err(Failure::missing("validUntil"));
        }
        // What has ended already would put a paper on file and leave the child without evidence.
        if self.school_year == year && self.valid_until.is_some_and(|until| until < today) {
            return Err(Failure::invalid("validUntil", "expired"));
        }
        // The paper itself is what an inspector asks for.
        if page_count == 0 { Err(Failure::missing("page")) } else { Ok(()) }
    }
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceEntry {
    /// Its key.
    pub entry: EntryId,
    /// What it says.
    pub form: EvidenceForm,
    /// Entries in whose place it stands.
    pub seen: BTreeSet<EntryId>,
    /// Who recorded it.
    pub actor: Actor,
    /// When it was recorded.
    pub at: Timestamp,
}

/// A proof that stands, as lists keep it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingProof {
    /// Its entry.
    pub entry: EntryId,
    /// Its kind.
    pub proof: String,
    /// Its school year.
    pub school_year: i16,
    /// Who issued it.
    pub issued_by: String,
    /// Its number.
    pub number: String,
    /// Its last day.
    pub valid_until: Option<Day>,
}

/// The proofs of a dossier that nothing has replaced or withdrawn, in the order of their keys.
#[must_use]
pub fn standing(dossier: &Dossier) -> Vec<StandingProof> {
    let replaced: BTreeSet<EntryId> = dossier.evidence.iter().flat_map(|entry| entry.seen.iter().copied()).collect();
    dossier
        .evidence
        .iter()
        .filter(|entry| !entry.form.withdrawn && !replaced.contains(&entry.entry))
        .map(|entry| StandingProof {
            entry: entry.entry,
            proof: entry.form.proof.clone(),
            school_year: entry.form.school_year,
            issued_by: entry.form.issued_by.clone(),
            number: entry.form.number.clone(),
            valid_until: entry.form.valid_until,
        })
        .collect()
}

/// What decides what is asked of the child of a dossier.
#[must_use]
pub fn child(dossier: &Dossier) -> EvidenceOf {
    EvidenceOf {
        status: dossier.status(),
        flags: dossier.flags.clone(),
        has_id_number: !dossier.value("profile.id_number").is_empty(),
    }
}

/// How a proof, or all evidence of a child, stands on a day; the better ones first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum EvidenceState {
    /// The status asks for nothing.
    NotAsked,
    /// 齐全
    Complete,
    /// 将到期
    Expiring,
    /// 已过期
    Expired,
    /// 缺
    Missing,
}

/// A proof as a person sees it: one line, although two people may have put the same paper on file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofLine {
    /// Its kind.
    pub proof: String,
    /// Its school year.
    pub school_year: i16,
    /// Its entries: the first that was recorded, and others that tell of the same paper.
    pub entries: Vec<EntryId>,
    /// Who issued it.
    pub issued_by: String,
    /// Its number.
    pub number: String,
    /// The last day on which it holds; of two that differ the earlier one, since it makes somebody look.
    pub holds_until: Day,
    /// It holds for good.
    pub lasting: bool,
}

/// One proof that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedProof<'a> {
    /// Any of these kinds.
    pub kinds: &'a [String],
    /// It is the "1".
    pub is_one: bool,
    /// The line that answers, by its place among the lines.
    pub line: Option<usize>,
    /// The last day on which the line holds; none where nothing was ever put on file for it.
    pub holds_until: Option<Day>,
}

/// The evidence of a child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceFile<'a> {
    /// The rules that it goes by.
    pub rules: &'a EvidenceRules,
    /// What is asked for, the "1" first.
    pub asked: Vec<AskedProof<'a>>,
    /// What is on file, the longest lasting first.
    pub lines: Vec<ProofLine>,
    /// So many days before its end a proof counts as expiring.
    pub warn_days: u16,
}

/// Folds the proofs that stand of a child. It does not depend on the day: [`EvidenceFile::state`] does.
#[must_use]
pub fn fold<'a>(rules: &'a EvidenceRules, child: &EvidenceOf, standing: &[StandingProof]) -> EvidenceFile<'a> {
    let lines = lines(rules, standing);
    let mut used = BTreeSet::new();
    let asked = rules
        .asked(child)
        .into_iter()
        .map(|asked| {
            // Lines are sorted: the first that fits holds longest.
            let found = lines
                .iter()
                .enumerate()
                .find(|(place, line)| !used.contains(place) && asked.kinds.contains(&line.proof));
            let line = found.map(|(place, _)| place);
            used.extend(line);
            AskedProof {
                kinds: asked.kinds,
                is_one: asked.is_one,
                line,
                holds_until: found.map(|(_, line)| line.holds_until),
            }
        })
        .collect();
    EvidenceFile { rules, asked, lines, warn_days: rules.warn_days(child.status) }
}

fn lines(rules: &EvidenceRules, standing: &[StandingProof]) -> Vec<ProofLine> {
    let mut lines: Vec<ProofLine> = Vec::new();
    for proof in standing {
        let holds_until = holds_until(rules, proof);
        let lasting = holds_until == Day::LATEST;
        let same = lines.iter_mut().find(|line| {
            line.proof == proof.proof
                && line.school_year == proof.school_year
                && same_number(&line.number, &proof.number)
        });
        if let Some(line) = same {
            line.entries.push(proof.entry);
            line.holds_until = line.holds_until.min(holds_until);
            line.lasting &= lasting;
            // What one of two left out, the other may have written.
            for (shown, other) in [(&mut line.number, &proof.number), (&mut line.issued_by, &proof.issued_by)] {
                if shown.is_empty() {
                    shown.clone_from(other);
                }
            }
        } else {
            lines.push(ProofLine {
                proof: proof.proof.clone(),
                school_year: proof.school_year,
                entries: vec![proof.entry],
                issued_by: proof.issued_by.clone(),
                number: proof.number.clone(),
                holds_until,
                lasting,
            });
        }
    }
    lines.sort_by(|a, b| b.holds_until.cmp(&a.holds_until).then_with(|| a.entries.cmp(&b.entries)));
    lines
}

/// Two proofs of one kind and year are the same paper unless both carry a number and the numbers differ.
fn same_number(one: &str, other: &str) -> bool {
    let bare = |number: &str| number.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    one.is_empty() || other.is_empty() || bare(one) == bare(other)
}

fn holds_until(rules: &EvidenceRules, proof: &StandingProof) -> Day {
    let until = proof.valid_until.unwrap_or(Day::LATEST);
    match rules.kind(&proof.proof) {
        Some(kind) if kind.dated || kind.holds == Holds::Lasting => until,
        // For one school year, whatever day was written; and so is what a newer version of the rules knows.
        Some(_) | None => {
            let begins = jiff::civil::Date::new(proof.school_year, 9, 1).map_or(Day::EARLIEST, Day);
            until.min(begins.school_year_end())
        }
    }
}

impl AskedProof<'_> {
    /// How it stands on a day.
    #[must_use]
    pub fn state(&self, today: Day, warn_days: u16) -> EvidenceState {
        self.holds_until.map_or(EvidenceState::Missing, |until| state(until, today, warn_days))
    }
}

impl ProofLine {
    /// How it stands on a day.
    #[must_use]
    pub fn state(&self, today: Day, warn_days: u16) -> EvidenceState {
        state(self.holds_until, today, warn_days)
    }
}

fn state(until: Day, today: Day, warn_days: u16) -> EvidenceState {
    if until < today {
        EvidenceState::Expired
    } else if until < today.plus_days(i32::from(warn_days)) {
        EvidenceState::Expiring
    } else {
        EvidenceState::Complete
    }
}

impl EvidenceFile<'_> {
    /// How the child's evidence stands on a day: as the worst of what is asked for.
    #[must_use]
    pub fn state(&self, today: Day) -> EvidenceState {
        let states = self.asked.iter().map(|asked| asked.state(today, self.warn_days));
        states.max().unwrap_or(EvidenceState::NotAsked)
    }

    /// The last day on which all is there that is asked for; none when something was never put on file. So lists need not
    /// fold: a child is without valid evidence when it is none, or past.
    #[must_use]
    pub fn complete_until(&self) -> Option<Day> {
        self.asked.iter().map(|asked| asked.holds_until).try_fold(Day::LATEST, |least, until| Some(least.min(until?)))
    }
}

#[cfg(test)]
#[path = "evidence_tests.rs"]
mod tests;
