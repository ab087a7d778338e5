//! Children as lists, ledgers and tasks ask for them.

use rusqlite::{OptionalExtension, Row, ToSql, named_params};

use super::child_rules::NOT_WHOLE_ON;
use super::child_search::TermRange;
use super::device::moment;
use super::{Reading, malformed, sqlite};
use crate::domain::code_list::{AxisMismatch, ChildFlag, SchoolingStatus, Sex};
use crate::domain::identifier::DocumentId;
use crate::domain::ledger::LedgerRow;
use crate::domain::place::{ClassId, Leaves, PlaceCode, SchoolCode};
use crate::domain::time::{Day, Timestamp};
use crate::error::Result;

/// A child's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredChild {
    /// The dossier.
    pub document: DocumentId,
    /// The name.
    pub name: String,
    /// Sex.
    pub sex: Option<Sex>,
    /// Date of birth.
    pub birth_date: Option<Day>,
    /// The ID number; empty when there is none.
    pub id_number: String,
    /// Where it lies.
    pub leaves: Leaves,
    /// 社(组)
    pub village_group: String,
    /// Schooling status.
    pub status: SchoolingStatus,
    /// Flags.
    pub flags: Vec<ChildFlag>,
    /// The last visit's start.
    pub last_visit_at: Option<Timestamp>,
    /// The next visit that was agreed.
    pub next_visit_on: Option<Day>,
    /// The promised return.
    pub promised_return_on: Option<Day>,
    /// What does not agree between its record and where it is, the case left out.
    pub mismatch: Option<AxisMismatch>,
    /// Fields with two values.
    pub conflict_count: u32,
    /// Forms of this device that wait to be sent.
    pub waiting_count: u32,
}

pub(super) const COLUMNS: &str =
    "child.document AS document, name, sex, birth_date, id_number, child.village AS village,
    village_group, child.class AS class, status, flags, last_visit_at, next_visit_on, promised_return_on,
    mismatch, conflict_count,
    (SELECT count(*) FROM outbox WHERE outbox.document = child.document AND outbox.state = 'waiting') AS waiting_count";

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<StoredChild> {
    let text = |column| row.get_ref(column).and_then(|value| Ok(value.as_str()?));
    let class = text("class")?;
    Ok(StoredChild {
        document: DocumentId::from_bytes(row.get("document")?),
        name: row.get("name")?,
        sex: Sex::from_key(text("sex")?),
        birth_date: Day::parse(text("birth_date")?),
        id_number: row.get("id_number")?,
        leaves: Leaves {
            village: PlaceCode::parse(text("village")?),
            class: (!class.is_empty()).then(|| ClassId(class.to_owned())),
        },
        village_group: row.get("village_group")?,
        status: SchoolingStatus::from_key(text("status")?).unwrap_or(SchoolingStatus::Unverified),
        flags: text("flags")?.split('|').filter_map(ChildFlag::from_key).collect(),
        last_visit_at: moment(row.get("last_visit_at")?),
        next_visit_on: Day::parse(text("next_visit_on")?),
        promised_return_on: Day::parse(text("promised_return_on")?),
        mismatch: AxisMismatch::from_key(text("mismatch")?),
        conflict_count: row.get("conflict_count")?,
        waiting_count: row.get("waiting_count")?,
    })
}

/// Which children, in which order.
#[derive(Debug, Clone, Default)]
pub struct ChildFilter {
    /// What was typed, as a range of terms.
    pub terms: Option<TermRange>,
    /// Villages that what was typed names: their children are found, too.
    pub villages_named: Vec<String>,
    /// Of one of these places, each a village or all villages of a township: a place and what is a part of it now. Empty for
    /// all.
    pub places: Vec<PlaceCode>,
    /// Of one of these places besides; `None` for all.
    pub key_areas: Option<Vec<PlaceCode>>,
    /// Of one of these schools; empty for all.
    pub schools: Vec<SchoolCode>,
    /// Of this class.
    pub class: Option<ClassId>,
    /// With one of these statuses; empty for all.
    pub statuses: Vec<SchoolingStatus>,
    /// With all of these flags.
    pub flags: Vec<ChildFlag>,
    /// Only with fields that have two values.
    pub only_conflicts: bool,
    /// Only children whose evidence is not whole on this day.
    pub not_whole_on: Option<Day>,
    /// In this villager group.
    pub village_group: Option<String>,
    /// Of this household.
    pub household: Option<String>,
    /// In one of these classes: those of a grade.
    pub classes: Option<Vec<ClassId>>,
    /// Only members of a ledger: with any of these; none for all.
    pub members: Option<Vec<Member>>,
    /// Only these dossiers; none for all.
    pub only: Option<Vec<DocumentId>>,
    /// Sort by this ledger column's cell; `None` for village, group, household, name.
    pub sort_by: Option<&'static str>,
    /// From the end.
    pub descending: bool,
}

/// What makes a child stand in a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Member {
    /// Its status.
    Status(SchoolingStatus),
    /// A flag.
    Flag(ChildFlag),
    /// Its class.
    Class(ClassId),
}

/// The parts of a filter, so that a facet can leave its own out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterPart {
    /// By place.
    Place,
    /// By school and class.
    School,
    /// By school and class, told by class.
    Class,
    /// By status.
    Status,
    /// By flag.
    Flag,
    /// By villager group.
    Group,
    /// By grade: the classes of it.
    Grade,
    /// By household.
    Household,
}

type Condition = (String, Vec<Box<dyn ToSql>>);

impl ChildFilter {
    /// The filter as SQL, with one part left out.
    fn condition(&self, without: Option<FilterPart>) -> Condition {
        let mut sql = String::from("1 = 1");
        let mut values: Vec<Box<dyn ToSql>> = Vec::new();
        if let Some(terms) = &self.terms {
            sql.push_str(
                " AND (child.document IN (SELECT document FROM child_search WHERE term >= ? AND term < ? LIMIT 10000)",
            );
            values.push(Box::new(terms.from.clone()));
            values.push(Box::new(terms.to.clone()));
            for village in &self.villages_named {
                sql.push_str(" OR child.village = ?");
                values.push(Box::new(village.clone()));
            }
            sql.push(')');
        }
        let chosen = Some(&self.places).filter(|places| !places.is_empty() && without != Some(FilterPart::Place));
        for places in chosen.into_iter().chain(&self.key_areas) {
            sql.push_str(" AND (0");
            for place in places {
                sql.push_str(" OR (child.village >= ? AND child.village < ?)");
                values.push(Box::new(place.as_str().to_owned()));
                values.push(Box::new(format!("{place}:")));
            }
            sql.push(')');
        }
        if !matches!(without, Some(FilterPart::School | FilterPart::Class)) {
            if !self.schools.is_empty() {
                let marks = vec!["?"; self.schools.len()].join(", ");
                sql.push_str(&format!(" AND child.school IN ({marks})"));
                values.extend(self.schools.iter().map(|school| Box::new(school.0.clone()) as Box<dyn ToSql>));
            }
            if let Some(class) = &self.class {
                sql.push_str(" AND child.class = ?");
                values.push(Box::new(class.0.clone()));
            }
        }
        if !self.statuses.is_empty() && without != Some(FilterPart::Status) {
            let marks = vec!["?"; self.statuses.len()].join(", ");
            sql.push_str(&format!(" AND status IN ({marks})"));
            values.extend(self.statuses.iter().map(|status| Box::new(status.key()) as Box<dyn ToSql>));
        }
        if without != Some(FilterPart::Flag) {
            for flag in &self.flags {
                sql.push_str(" AND instr(flags, ?) > 0");
                values.push(Box::new(format!("|{}|", flag.key())));
            }
        }
        if let Some(group) = self.village_group.as_ref().filter(|_| without != Some(FilterPart::Group)) {
            sql.push_str(" AND village_group = ?");
            values.push(Box::new(group.clone()));
        }
        if let Some(household) = self.household.as_ref().filter(|_| without != Some(FilterPart::Household)) {
            sql.push_str(" AND household = ?");
            values.push(Box::new(household.clone()));
        }
        if let Some(classes) = self.classes.as_ref().filter(|_| without != Some(FilterPart::Grade)) {
            let marks = vec!["?"; classes.len()].join(", ");
            sql.push_str(&format!(" AND child.class IN ({marks})"));
            values.extend(classes.iter().map(|class| Box::new(class.0.clone()) as Box<dyn ToSql>));
        }
        if let Some(members) = &self.members {
            sql.push_str(" AND (0");
            for member in members {
                let (condition, value) = match member {
                    Member::Status(status) => (" OR status = ?", status.key().to_owned()),
                    Member::Flag(flag) => (" OR instr(flags, ?) > 0", format!("|{}|", flag.key())),
                    Member::Class(class) => (" OR child.class = ?", class.0.clone()),
                };
                sql.push_str(condition);
                values.push(Box::new(value));
            }
            sql.push(')');
        }
        if self.only_conflicts {
            sql.push_str(" AND conflict_count > 0");
        }
        if let Some(day) = self.not_whole_on {
            sql.push_str(&format!(" AND {NOT_WHOLE_ON}"));
            values.push(Box::new(day.to_string()));
        }
        if let Some(only) = &self.only {
            // Bytes as literals: a ledger may have more rows than a statement may have parameters.
            let ids: Vec<String> =
                only.iter().map(|id| format!("x'{}'", data_encoding::HEXLOWER.encode(id.as_bytes()))).collect();
            sql.push_str(&format!(" AND child.document IN ({})", ids.join(", ")));
        }
        (sql, values)
    }

    fn order(&self) -> String {
        let direction = if self.descending { "DESC" } else { "ASC" };
        match self.sort_by {
            // The key is one of the ledger's own columns, never what somebody typed.
            Some("name") => format!("name {direction}, sort_key"),
            Some("birth_date") => format!("birth_date {direction}, sort_key"),
            Some("schooling_status") => format!("out_of_school {direction}, status {direction}, sort_key"),
            Some("visit_count") => format!("visit_count {direction}, sort_key"),
            Some("school_name" | "school_code") => format!("child.school {direction}, sort_key"),
            Some("class") => format!("child.class {direction}, sort_key"),
            Some("village" | "township") => format!("child.village {direction}, sort_key"),
            Some(key) => format!("json_extract(cells, '$.cells.{key}') {direction}, sort_key"),
            None => format!("sort_key {direction}"),
        }
    }
}

fn refs(values: &[Box<dyn ToSql>]) -> Vec<&dyn ToSql> {
    values.iter().map(AsRef::as_ref).collect()
}

impl Reading<'_> {
    /// A page of children.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn children(self, filter: &ChildFilter, offset: u32, limit: u32) -> Result<Vec<StoredChild>> {
        // What was typed is looked up first, likeliest first, and only so many: one letter finds half a county.
        if let (Some(terms), true) = (&filter.terms, filter.is_search_only()) {
            return self.found(filter, terms, offset, limit);
        }
        let (condition, values) = filter.condition(None);
        let sql = format!(
            "SELECT {COLUMNS} FROM child WHERE {condition} ORDER BY {} LIMIT {limit} OFFSET {offset}",
            filter.order()
        );
        let mut statement = self.0.prepare_cached(&sql).map_err(sqlite)?;
        statement
            .query_map(refs(&values).as_slice(), read)
            .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
            .map_err(sqlite)
    }

    fn found(self, filter: &ChildFilter, terms: &TermRange, offset: u32, limit: u32) -> Result<Vec<StoredChild>> {
        let mut villages = String::new();
        let mut values: Vec<Box<dyn ToSql>> = vec![Box::new(terms.from.clone()), Box::new(terms.to.clone())];
        for village in &filter.villages_named {
            villages.push_str(" UNION ALL SELECT document, 2 AS weight FROM child WHERE village = ?");
            values.push(Box::new(village.clone()));
        }
        let sql = format!(
            "SELECT {COLUMNS} FROM
                 (SELECT document, min(weight) AS weight FROM
                     (SELECT document, weight FROM
                          (SELECT document, weight FROM child_search WHERE term >= ? AND term < ? LIMIT 2000)
                      {villages})
                  GROUP BY document ORDER BY weight LIMIT {limit} OFFSET {offset}) AS found
             JOIN child ON child.document = found.document ORDER BY found.weight, sort_key"
        );
        let mut statement = self.0.prepare_cached(&sql).map_err(sqlite)?;
        statement
            .query_map(refs(&values).as_slice(), read)
            .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
            .map_err(sqlite)
    }

    /// How many children a filter leaves.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn count_children(self, filter: &ChildFilter) -> Result<u32> {
        if let (Some(terms), true, true) = (&filter.terms, filter.is_search_only(), filter.villages_named.is_empty()) {
            return self.count_found(terms, 10_000);
        }
        let (condition, values) = filter.condition(None);
        let sql = format!("SELECT count(*) FROM child WHERE {condition}");
        let mut statement = self.0.prepare_cached(&sql).map_err(sqlite)?;
        statement.query_row(refs(&values).as_slice(), |row| row.get(0)).map_err(sqlite)
    }

    /// A page of ledger rows with their statuses and conflicts.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn ledger_rows(self, filter: &ChildFilter, offset: u32, limit: u32) -> Result<Vec<(DocumentId, LedgerRow)>> {
        let (condition, values) = filter.condition(None);
        let sql = format!(
            "SELECT document, cells FROM child WHERE {condition} ORDER BY {} LIMIT {limit} OFFSET {offset}",
            filter.order()
        );
        let mut statement = self.0.prepare_cached(&sql).map_err(sqlite)?;
        let rows = statement
            .query_map(refs(&values).as_slice(), |row| {
                Ok((DocumentId::from_bytes(row.get("document")?), row.get::<_, String>("cells")?))
            })
            .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
            .map_err(sqlite)?;
        rows.into_iter()
            .map(|(document, cells)| {
                serde_json::from_str(&cells).map(|row| (document, row)).map_err(|_| malformed("ledger row"))
            })
            .collect()
    }

    /// How many rows there are for each value of a column, the filter's own part left out.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn facet(self, filter: &ChildFilter, part: FilterPart) -> Result<Vec<(String, u32)>> {
        let (condition, values) = filter.condition(Some(part));
        let column = match part {
            FilterPart::Place => "village",
            FilterPart::School => "school",
            FilterPart::Class => "class",
            FilterPart::Status => "status",
            FilterPart::Group => "village_group",
            FilterPart::Grade => "class",
            FilterPart::Household => "household",
            FilterPart::Flag => return self.flag_facet(&condition, &values),
        };
        let sql = format!(
            "SELECT {column} AS value, count(*) AS total FROM child WHERE {condition} GROUP BY {column} ORDER BY {column}"
        );
        let mut statement = self.0.prepare_cached(&sql).map_err(sqlite)?;
        statement
            .query_map(refs(&values).as_slice(), |row| Ok((row.get("value")?, row.get("total")?)))
            .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
            .map_err(sqlite)
    }

    fn flag_facet(self, condition: &str, values: &[Box<dyn ToSql>]) -> Result<Vec<(String, u32)>> {
        let sums: Vec<String> =
            ChildFlag::ALL.iter().map(|flag| format!("sum(instr(flags, '|{}|') > 0)", flag.key())).collect();
        let sql = format!("SELECT {} FROM child WHERE {condition}", sums.join(", "));
        let mut statement = self.0.prepare_cached(&sql).map_err(sqlite)?;
        statement
            .query_row(refs(values).as_slice(), |row| {
                ChildFlag::ALL
                    .iter()
                    .enumerate()
                    .map(|(place, flag)| {
                        Ok((flag.key().to_owned(), row.get::<_, Option<u32>>(place)?.unwrap_or_default()))
                    })
                    .collect()
            })
            .map_err(sqlite)
    }

    /// Children of whom a plan is to be looked at again, or home teaching is due, until a day; with that day.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn children_with_plan_due(self, until: Day, limit: u32) -> Result<Vec<(StoredChild, Option<Day>)>> {
        let sql = format!(
            "SELECT {COLUMNS}, plan_due_on FROM child WHERE plan_due_on <> '' AND plan_due_on <= :until AND closed = 0
             ORDER BY plan_due_on, sort_key LIMIT :limit"
        );
        self.0
            .prepare_cached(&sql)
            .and_then(|mut statement| {
                statement
                    .query_map(named_params! { ":until": until.to_string(), ":limit": limit }, |row| {
                        Ok((read(row)?, Day::parse(row.get_ref("plan_due_on")?.as_str()?)))
                    })?
                    .collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(sqlite)
    }

    /// One child; `None` when it is not here.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn child(self, document: DocumentId) -> Result<Option<StoredChild>> {
        self.0
            .prepare_cached(&format!("SELECT {COLUMNS} FROM child WHERE child.document = :document"))
            .and_then(|mut statement| {
                statement.query_row(named_params! { ":document": document.as_bytes().as_slice() }, read).optional()
            })
            .map_err(sqlite)
    }

    /// The dossiers of children whose status is shown as this.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn children_of_status(self, status: SchoolingStatus) -> Result<Vec<DocumentId>> {
        self.0
            .prepare_cached("SELECT document FROM child WHERE status = :status")
            .and_then(|mut statement| {
                statement
                    .query_map(named_params! { ":status": status.key() }, |row| {
                        Ok(DocumentId::from_bytes(row.get("document")?))
                    })?
                    .collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(sqlite)
    }

    /// Other children of the same household.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn siblings(self, document: DocumentId) -> Result<Vec<StoredChild>> {
        self.0
            .prepare_cached(&format!(
                "SELECT {COLUMNS} FROM child
                 WHERE household <> '' AND household = (SELECT household FROM child WHERE document = :document)
                     AND child.document <> :document AND closed = 0
                 ORDER BY birth_date LIMIT 20"
            ))
            .and_then(|mut statement| {
                statement
                    .query_map(named_params! { ":document": document.as_bytes().as_slice() }, read)?
                    .collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(sqlite)
    }

    /// Children with this ID number.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn children_by_id_number(self, id_number: &str) -> Result<Vec<StoredChild>> {
        self.children_where("id_number = ? AND id_number <> ''", &[&id_number])
    }

    /// Children born on this day: names are compared by whoever asks.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn children_by_birth_date(self, day: Day) -> Result<Vec<StoredChild>> {
        self.children_where("birth_date = ? AND birth_date <> ''", &[&day.to_string()])
    }

    /// Children with fields that have two values; those out of school first.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn children_with_conflicts(self, limit: u32) -> Result<Vec<StoredChild>> {
        self.children_where(&format!("conflict_count > 0 ORDER BY out_of_school DESC, sort_key LIMIT {limit}"), &[])
    }

    /// Children for whom something is due up to a day: out of school, a promise, an agreed visit.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn children_due(self, until: Day, limit: u32) -> Result<Vec<StoredChild>> {
        let until = until.to_string();
        self.children_where(
            &format!(
                "(out_of_school = 1
                   OR (next_visit_on <> '' AND next_visit_on <= ?)
                   OR (promised_return_on <> '' AND promised_return_on <= ?))
                 AND closed = 0 ORDER BY sort_key LIMIT {limit}"
            ),
            &[&until, &until],
        )
    }

    /// Children whose record and whose status do not agree, in the order of the walk.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn children_with_mismatch(self, limit: u32) -> Result<Vec<StoredChild>> {
        self.children_where(&format!("mismatch <> '' ORDER BY sort_key LIMIT {limit}"), &[])
    }

    /// Children whose record and whose status do not agree, or who are out of school: with their cases they may not agree.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn children_who_may_not_agree(self) -> Result<Vec<StoredChild>> {
        self.children_where("mismatch <> '' OR out_of_school = 1", &[])
    }

    /// Children who have not been visited since a moment, longest first.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn children_not_visited_since(self, moment: Timestamp, limit: u32) -> Result<Vec<StoredChild>> {
        self.children_where(
            &format!("closed = 0 AND last_visit_at < ? ORDER BY last_visit_at, sort_key LIMIT {limit}"),
            &[&moment.unix_ms()],
        )
    }

    fn children_where(self, condition: &str, values: &[&dyn ToSql]) -> Result<Vec<StoredChild>> {
        self.0
            .prepare_cached(&format!("SELECT {COLUMNS} FROM child WHERE {condition}"))
            .and_then(|mut statement| statement.query_map(values, read)?.collect::<rusqlite::Result<Vec<_>>>())
            .map_err(sqlite)
    }

    /// How many children and how many fields with two values are on this device.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn child_counts(self) -> Result<(u32, u32)> {
        self.0
            .prepare_cached(
                "SELECT (SELECT count(*) FROM child) AS children,
                     (SELECT coalesce(sum(conflict_count), 0) FROM child WHERE conflict_count > 0) AS conflicts",
            )
            .and_then(|mut statement| statement.query_row([], |row| Ok((row.get("children")?, row.get("conflicts")?))))
            .map_err(sqlite)
    }
}

impl ChildFilter {
    /// Nothing but what was typed narrows it.
    fn is_search_only(&self) -> bool {
        self.places.is_empty()
            && self.key_areas.is_none()
            && self.schools.is_empty()
            && self.class.is_none()
            && self.statuses.is_empty()
            && self.flags.is_empty()
            && !self.only_conflicts
            && self.not_whole_on.is_none()
            && self.only.is_none()
            && self.village_group.is_none()
            && self.household.is_none()
            && self.classes.is_none()
            && self.members.is_none()
            && self.sort_by.is_none()
    }
}
