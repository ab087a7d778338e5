//! The list of children, and registering one that no roster had.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::app::device::Device;
use crate::app::duty;
use crate::domain::code_list::{ChildFlag, SchoolingStatus, Sex};
use crate::domain::county::County;
use crate::domain::duty::DutyLine;
use crate::domain::duty_fold::Duties;
use crate::domain::identifier::DocumentId;
use crate::domain::ledger::PlaceNames;
use crate::domain::place::{ClassId, Leaves, Place, PlaceCode};
use crate::domain::time::{Day, Timestamp};
use crate::error::Result;
use crate::store::child_search::{TermRange, names_place};
use crate::store::children::{ChildFilter, StoredChild};

/// Asks for a page of children.
#[derive(Debug, Clone, Default, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
#[ts(export)]
pub struct ListChildren {
    /// Characters, pinyin, initials, a village, or the tail of the ID number; empty for all.
    pub search: String,
    /// Only of this village.
    pub village: Option<PlaceCode>,
    /// Only of this class.
    pub class: Option<ClassId>,
    /// Rows to pass over.
    pub offset: u32,
    /// Rows to give, at most 200.
    pub limit: u32,
}

/// A page of children.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ChildrenPage {
    /// How many there are in all; counted up to 10,000.
    pub total: u32,
    /// The page.
    pub rows: Vec<ChildRow>,
}

/// A child as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ChildRow {
    /// The dossier.
    pub document_id: DocumentId,
    /// The name.
    pub name: String,
    /// Sex.
    pub sex: Option<Sex>,
    /// Age in full years today.
    pub age: Option<u8>,
    /// The village's name.
    pub village_name: String,
    /// 社(组)
    pub village_group: String,
    /// The school's name.
    pub school_name: String,
    /// 三年级(1)班
    pub class_name: String,
    /// Schooling status; while two values stand, the one that is safer for the child.
    pub status: SchoolingStatus,
    /// Flags.
    pub flags: Vec<ChildFlag>,
    /// The last visit's start.
    pub last_visit_at: Option<Timestamp>,
    /// Days since then, today.
    pub last_visit_days: Option<i32>,
    /// The day of the next visit that was agreed.
    pub next_visit_on: Option<Day>,
    /// Fields with two values.
    pub conflict_count: u32,
    /// Visits and photos that wait to be sent.
    pub waiting_count: u32,
    /// Who is responsible for the child, on the government line and on the education line; empty for nobody.
    pub responsible: ResponsibleNames,
}

/// What became of the registration.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "snake_case", tag = "outcome")]
#[ts(export)]
pub enum ChildRegistered {
    /// It is saved.
    Saved {
        /// The new dossier.
        #[serde(rename = "documentId")]
        document_id: DocumentId,
    },
    /// Children that may be the same one: nothing was saved.
    Alike {
        /// Them.
        rows: Vec<ChildRow>,
    },
}

/// A page of children.
pub(super) fn page(device: &Device, request: &ListChildren) -> Result<ChildrenPage> {
    let county = device.county();
    let filter = ChildFilter {
        terms: TermRange::of(&request.search),
        villages_named: villages_named(&county, &request.search),
        places: request.village.as_ref().map(|village| county.mergers().codes_of(village)).unwrap_or_default(),
        class: request.class.clone(),
        ..ChildFilter::default()
    };
    let reading = device.store.reading();
    let children = reading.children(&filter, request.offset, request.limit.clamp(1, 200))?;
    Ok(ChildrenPage { total: reading.count_children(&filter)?, rows: rows(device, &children) })
}

/// Codes of the villages that what was typed names, by a name or code that they have or had, with all that are a part of
/// them now.
pub(super) fn villages_named(county: &County, typed: &str) -> Vec<String> {
    let is_named = |place: &&Place| {
        let mut names = std::iter::once(&place.name).chain(&place.former_names);
        let is_code = place.code.as_str() == typed.trim();
        place.code.is_village() && (is_code || names.any(|name| name == typed.trim() || names_place(name, typed)))
    };
    let mergers = county.mergers();
    let named: BTreeSet<PlaceCode> =
        county.places.iter().filter(is_named).take(20).map(|place| mergers.place(&place.code)).collect();
    named.iter().flat_map(|place| mergers.codes_of(place)).map(String::from).collect()
}

/// Names of who is responsible for a child.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, TS)]
#[ts(export)]
pub struct ResponsibleNames {
    /// On the government line; several with 、 when people bound apart.
    pub government: String,
    /// On the education line.
    pub education: String,
}

impl ResponsibleNames {
    /// Of a child.
    pub(super) fn of(device: &Device, duties: &Duties, document: DocumentId, leaves: &Leaves, group: &str) -> Self {
        let names = |line| {
            let found = duty::responsible(device.store.reading(), duties, line, document, leaves, group);
            let people = found.unwrap_or_else(|failure| {
                tracing::warn!(code = ?failure.code, "the duties of a child cannot be read");
                Vec::new()
            });
            people.into_iter().map(|one| one.person.name).collect::<Vec<_>>().join("、")
        };
        Self { government: names(DutyLine::Government), education: names(DutyLine::Education) }
    }
}

/// One child as lists show it, today.
pub(super) fn one(device: &Device, child: &StoredChild) -> ChildRow {
    let county = device.county();
    row(device, child, &PlaceNames::of(&county), &Duties::of(&county), device.environment.now().day())
}

/// Rows as lists show them, today.
pub(super) fn rows(device: &Device, children: &[StoredChild]) -> Vec<ChildRow> {
    let county = device.county();
    let names = PlaceNames::of(&county);
    let today = device.environment.now().day();
    let duties = Duties::of(&county);
    children.iter().map(|child| row(device, child, &names, &duties, today)).collect()
}

fn row(device: &Device, child: &StoredChild, names: &PlaceNames<'_>, duties: &Duties, today: Day) -> ChildRow {
    let class = child.leaves.class.as_ref();
    ChildRow {
        document_id: child.document,
        name: child.name.clone(),
        sex: child.sex,
        age: child.birth_date.and_then(|birth| birth.full_years_until(today)),
        village_name: names.village(&child.leaves),
        village_group: child.village_group.clone(),
        school_name: class.map(|id| names.school(id)).unwrap_or_default(),
        class_name: class.map(|id| names.class(id, today)).unwrap_or_default(),
        status: child.status,
        flags: child.flags.clone(),
        last_visit_at: child.last_visit_at,
        last_visit_days: child.last_visit_at.map(|at| i32::try_from(today.days_since(at.day())).unwrap_or(i32::MAX)),
        next_visit_on: child.next_visit_on,
        conflict_count: child.conflict_count,
        waiting_count: child.waiting_count,
        responsible: ResponsibleNames::of(device, duties, child.document, &child.leaves, &child.village_group),
    }
}
