//! Rounds of the door-to-door check: households of a village, and how far each village is. Rows and sums; no document is
//! loaded.

use rusqlite::{ToSql, named_params};

use super::{Reading, sqlite};
use crate::domain::code_list::{AxisMismatch, CheckFound, SchoolingStatus};
use crate::domain::identifier::DocumentId;
use crate::domain::place::PlaceCode;
use crate::domain::round::{RoundChild, births_asked, is_asked};
use crate::domain::time::Day;
use crate::error::Result;

/// A child of a village as a round sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoundRow {
    /// The dossier.
    pub document: DocumentId,
    /// Equal for children of one household; empty where nobody knows it.
    pub household: String,
    /// 社(组)
    pub village_group: String,
    /// Head of the household.
    pub head: String,
    /// The name.
    pub name: String,
    /// The date of birth.
    pub birth_date: Option<Day>,
    /// The status.
    pub status: SchoolingStatus,
    /// What does not agree.
    pub mismatch: Option<AxisMismatch>,
    /// The check that counts.
    pub check: RoundChild,
    /// The day on which it was opened, where no roster had the child.
    pub opened_on: Option<Day>,
}

/// How far a village is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VillageCounts {
    /// Its code.
    pub village: String,
    /// Households with somebody who is asked for.
    pub households: u32,
    /// Those in which all were asked for, known or not.
    pub households_asked: u32,
    /// Those in which of all is known.
    pub households_done: u32,
    /// Children who are asked for.
    pub children: u32,
    /// Those who were checked.
    pub checked: u32,
    /// Found away.
    pub away: u32,
    /// Found not in school.
    pub not_in_school: u32,
    /// Of whom nobody could tell.
    pub unknown: u32,
    /// Registered since the round began, and in no roster.
    pub found_anew: u32,
}

/// Children who are asked for: of an age, or of none that is known, and of a status.
fn asked_for() -> String {
    let passed_over: Vec<String> = SchoolingStatus::ALL
        .iter()
        .filter(|status| !is_asked(**status))
        .map(|one| format!("'{}'", one.key()))
        .collect();
    format!(
        "(birth_date = '' OR (birth_date >= :born_from AND birth_date <= :born_to)) AND status NOT IN ({})",
        passed_over.join(", ")
    )
}

impl Reading<'_> {
    /// Children of a village, which may have several codes since others became a part of it, who are asked for on a day: by
    /// group, head of the household and name.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn round_rows(self, village: &[PlaceCode], today: Day) -> Result<Vec<RoundRow>> {
        let (from, to) = births_asked(today);
        let mut rows = Vec::new();
        let sql = format!(
            "SELECT document, household, village_group, head, name, birth_date, status, mismatch, checked_on, found,
                 opened_on FROM child WHERE village = :village AND {} ORDER BY sort_key",
            asked_for()
        );
        let mut statement = self.0.prepare_cached(&sql).map_err(sqlite)?;
        for code in village {
            let (from, to) = (from.to_string(), to.to_string());
            let found = statement
                .query_map(named_params! { ":village": code.as_str(), ":born_from": from, ":born_to": to }, |row| {
                    let text = |column| row.get_ref(column).and_then(|value| Ok(value.as_str()?));
                    Ok(RoundRow {
                        document: DocumentId::from_bytes(row.get("document")?),
                        household: row.get("household")?,
                        village_group: row.get("village_group")?,
                        head: row.get("head")?,
                        name: row.get("name")?,
                        birth_date: Day::parse(text("birth_date")?),
                        status: SchoolingStatus::from_key(text("status")?).unwrap_or(SchoolingStatus::Unverified),
                        mismatch: AxisMismatch::from_key(text("mismatch")?),
                        check: RoundChild {
                            checked_on: Day::parse(text("checked_on")?),
                            found: CheckFound::from_key(text("found")?),
                        },
                        opened_on: Day::parse(text("opened_on")?),
                    })
                })
                .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
                .map_err(sqlite)?;
            rows.extend(found);
        }
        Ok(rows)
    }

    /// How far each village is, in the round that began on a day.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn round_counts(self, begin: Day, today: Day) -> Result<Vec<VillageCounts>> {
        let (from, to) = births_asked(today);
        let sql = format!(
            "SELECT village, count(*) AS households, sum(open = 0) AS households_asked,
                 sum(open = 0 AND unknown = 0) AS households_done, sum(children) AS children, sum(checked) AS checked,
                 sum(away) AS away, sum(not_in_school) AS not_in_school, sum(unknown) AS unknown, sum(anew) AS anew
             FROM (SELECT village, count(*) AS children,
                     sum(checked_on < :begin) AS open,
                     sum(checked_on >= :begin) AS checked,
                     sum(checked_on >= :begin AND found = :away) AS away,
                     sum(checked_on >= :begin AND found = :not_in_school) AS not_in_school,
                     sum(checked_on >= :begin AND found = :unknown) AS unknown,
                     sum(opened_on >= :begin) AS anew
                 FROM child WHERE {}
                 GROUP BY village, household, CASE household WHEN '' THEN document END)
             GROUP BY village ORDER BY village",
            asked_for()
        );
        let (begin, from, to) = (begin.to_string(), from.to_string(), to.to_string());
        let values: &[(&str, &dyn ToSql)] = &[
            (":begin", &begin),
            (":born_from", &from),
            (":born_to", &to),
            (":away", &CheckFound::Away.key()),
            (":not_in_school", &CheckFound::NotInSchool.key()),
            (":unknown", &CheckFound::Unknown.key()),
        ];
        self.0
            .prepare_cached(&sql)
            .and_then(|mut statement| {
                statement
                    .query_map(values, |row| {
                        Ok(VillageCounts {
                            village: row.get("village")?,
                            households: row.get("households")?,
                            households_asked: row.get("households_asked")?,
                            households_done: row.get("households_done")?,
                            children: row.get("children")?,
                            checked: row.get("checked")?,
                            away: row.get("away")?,
                            not_in_school: row.get("not_in_school")?,
                            unknown: row.get("unknown")?,
                            found_anew: row.get("anew")?,
                        })
                    })?
                    .collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(sqlite)
    }

    /// The household that a child lies in, and its village; none where the child is not here.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn household_of(self, child: DocumentId) -> Result<Option<(PlaceCode, String)>> {
        let found = self
            .0
            .prepare_cached("SELECT village, household FROM child WHERE document = :document")
            .and_then(|mut statement| {
                statement
                    .query_map(named_params! { ":document": child.as_bytes().as_slice() }, |row| {
                        Ok((row.get::<_, String>("village")?, row.get::<_, String>("household")?))
                    })?
                    .next()
                    .transpose()
            })
            .map_err(sqlite)?;
        Ok(found.and_then(|(village, household)| Some((PlaceCode::parse(&village)?, household))))
    }
}
