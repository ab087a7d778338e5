//! The county document: places and schools, calendar and rule sets, written by the county's administration, read by all.
//!
//! Each entry is a JSON text under a key of its own, so that two people who change different ones do not meet. Of two texts
//! at one key both stay: the one with the greatest operation id holds, on every device alike, and both are shown.

use automerge::transaction::{Transactable, Transaction};
use automerge::{Automerge, ObjId as ExId, ReadDoc};
use serde::Serialize;

use super::dossier_write::root;
use super::duty_text::{self, SETTINGS as DUTY_SETTINGS};
use super::{actor_of, damaged};
use crate::domain::actor::Actor;
use crate::domain::calendar::{Calendar, cycle_key, day_key, term_key};
use crate::domain::county::County;
use crate::domain::county_edit::CountyEdit;
use crate::domain::identifier::EntryId;
use crate::domain::look::{Look, LookForm};
use crate::domain::method::{METHOD, MethodItem};
use crate::domain::place::{Place, School};
use crate::domain::rule_set::RuleSet;
use crate::domain::time::Timestamp;
use crate::domain::transition_days::own_days_key;
use crate::domain::version::Versioned;
use crate::error::{ErrorCode, Failure, Result};

/// What stands in place of an entry that was taken away. It reads as no entry, also in versions that do not know it.
const GONE: &str = "null";
/// The key of the day from which a round counts.
const ROUND_FROM: &str = "round_from";
/// How the keys of versions of what evidence asks for begin, among the rules. What knows only ladders reads none in them.
const EVIDENCE: &str = "evidence/";
/// How the keys of versions of the quota of home teaching begin, there likewise.
const HOME_TEACHING: &str = "home_teaching/";
/// How the keys of records of who asked for names begin.
const LOOK: &str = "look/";

/// An entry of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    root: &'static str,
    key: String,
    value: String,
}

impl Entry {
    fn of<T: Serialize>(root: &'static str, key: impl Into<String>, value: &T) -> Result<Self> {
        let value = serde_json::to_string(value);
        let value = value.map_err(|cause| Failure::caused(ErrorCode::Internal, "county entry", cause))?;
        Ok(Self { root, key: key.into(), value })
    }
}

/// Writes the county file into its document.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`].
pub fn write(tx: &mut Transaction<'_>, county: &County) -> Result<()> {
    let mut entries = vec![Entry::of("county", "place", &county.county)?];
    for place in &county.places {
        entries.push(Entry::of("places", place.code.as_str(), place)?);
    }
    for school in &county.schools {
        entries.push(Entry::of("schools", school.code.0.as_str(), school)?);
    }
    entries.extend(of_calendar(&county.calendar)?);
    entries.extend(versions("", &county.rules)?);
    entries.extend(versions(EVIDENCE, &county.evidence)?);
    entries.extend(versions(HOME_TEACHING, &county.home_teaching)?);
    for code in &county.codes {
        entries.push(Entry::of("county", code.entry_key(), code)?);
    }
    for item in &county.method {
        entries.push(Entry::of("county", item.entry_key(), item)?);
    }
    if let Some(from) = &county.round_from {
        entries.push(Entry::of("county", ROUND_FROM, from)?);
    }
    if let Some(settings) = &county.duty.settings {
        entries.push(Entry::of("duty_grid", DUTY_SETTINGS, settings)?);
    }
    put(tx, &entries)
}

/// Records that somebody asked for names, beside all that was recorded before.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`].
pub fn add_look(tx: &mut Transaction<'_>, entry: EntryId, form: &LookForm) -> Result<()> {
    put(tx, &[Entry::of("county", format!("{LOOK}{entry}"), form)?])
}

fn looks(doc: &Automerge) -> Result<Vec<Look>> {
    let map = root(doc, "county")?;
    let mut looks = Vec::new();
    for item in doc.map_range(&map, ..) {
        let key = item.key.as_ref();
        let Some(entry) = key.strip_prefix(LOOK).and_then(EntryId::parse) else { continue };
        let Some((value, operation)) = doc.get(&map, key).map_err(damaged)? else { continue };
        if let Some(form) = value.as_str().and_then(|text| serde_json::from_str(text).ok()) {
            looks.push(Look { entry, form, actor: actor_of(&operation) });
        }
    }
    looks.sort_by_key(|look| look.entry);
    Ok(looks)
}

/// Writes an edit: only the entries that it is about.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`].
pub fn write_edit(tx: &mut Transaction<'_>, county: &County, edit: &CountyEdit) -> Result<()> {
    let entries = match edit {
        CountyEdit::RuleSet { set } => next_version("", set, &county.rules, county.rule_sets())?,
        CountyEdit::Evidence { rules } => next_version(EVIDENCE, rules, &county.evidence, county.evidence_rules())?,
        CountyEdit::HomeTeaching { quota } => {
            next_version(HOME_TEACHING, quota, &county.home_teaching, county.home_teaching_versions())?
        }
        CountyEdit::Calendar { put, remove } => {
            let gone = remove.iter().map(|key| Entry { root: "calendar", key: key.clone(), value: GONE.to_owned() });
            gone.chain(of_calendar(put)?).collect()
        }
        CountyEdit::Place { place } if place.code == county.county.code => {
            vec![Entry::of("county", "place", place)?]
        }
        CountyEdit::Place { place } => vec![Entry::of("places", place.code.as_str(), place)?],
        CountyEdit::School { school } => vec![Entry::of("schools", school.code.0.as_str(), school)?],
        CountyEdit::Code { code } => vec![Entry::of("county", code.entry_key(), code)?],
        CountyEdit::Method { put, remove } => {
            let gone = |key: &String| Entry { root: "county", key: format!("{METHOD}{key}"), value: GONE.to_owned() };
            let put = put.iter().map(|item| Entry::of("county", item.entry_key(), item)).collect::<Result<Vec<_>>>()?;
            remove.iter().map(gone).chain(put).collect()
        }
        CountyEdit::Round { from } => vec![Entry::of("county", ROUND_FROM, from)?],
        CountyEdit::Duty { settings } => vec![Entry::of("duty_grid", DUTY_SETTINGS, settings)?],
    };
    put(tx, &entries)
}

fn versions<T: Versioned + Serialize>(prefix: &str, versions: &[T]) -> Result<Vec<Entry>> {
    versions.iter().map(|one| Entry::of("rules", format!("{prefix}{}", one.version_name()), one)).collect()
}

/// Another version. A county that had none of its own went by the default: from now on that stands beside the new one.
fn next_version<T: Versioned + Serialize + Clone>(
    prefix: &str,
    next: &T,
    own: &[T],
    held: Vec<T>,
) -> Result<Vec<Entry>> {
    let held = if own.is_empty() { held } else { Vec::new() };
    versions(prefix, &std::iter::once(next.clone()).chain(held).collect::<Vec<_>>())
}

fn of_calendar(calendar: &Calendar) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for term in &calendar.terms {
        entries.push(Entry::of("calendar", term_key(term), term)?);
    }
    for day in &calendar.days {
        entries.push(Entry::of("calendar", day_key(day), day)?);
    }
    for cycle in &calendar.cycles {
        entries.push(Entry::of("calendar", cycle_key(cycle), cycle)?);
    }
    for days in &calendar.transitions {
        entries.push(Entry::of("calendar", own_days_key(days), days)?);
    }
    Ok(entries)
}

fn put(tx: &mut Transaction<'_>, entries: &[Entry]) -> Result<()> {
    for entry in entries {
        let map = root(tx, entry.root)?;
        tx.put(&map, entry.key.as_str(), entry.value.as_str()).map_err(damaged)?;
    }
    Ok(())
}

/// Reads the county from its document; entries that cannot be read are left out.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`] when there is no county in it yet.
pub fn read(doc: &Automerge) -> Result<County> {
    super::shielded(|| {
        let own = root(doc, "county")?;
        let place = doc.get(&own, "place").map_err(damaged)?;
        let county: Place = place
            .and_then(|(value, _)| value.as_str().and_then(|text| serde_json::from_str(text).ok()))
            .ok_or_else(|| Failure::new(ErrorCode::DocumentDamaged, "the county document is empty"))?;
        let mut method = entries::<MethodItem>(doc, "county", METHOD)?;
        method.sort_by(|one, other| (one.position, &one.key).cmp(&(other.position, &other.key)));
        Ok(County {
            county,
            places: entries::<Place>(doc, "places", "")?,
            schools: entries::<School>(doc, "schools", "")?,
            calendar: Calendar {
                terms: entries(doc, "calendar", "term/")?,
                days: entries(doc, "calendar", "day/")?,
                cycles: entries(doc, "calendar", "cycle/")?,
                transitions: entries(doc, "calendar", "transition/")?,
            },
            rules: entries::<RuleSet>(doc, "rules", "")?,
            evidence: entries(doc, "rules", EVIDENCE)?,
            home_teaching: entries(doc, "rules", HOME_TEACHING)?,
            codes: entries(doc, "county", "code/")?,
            method,
            round_from: entries(doc, "county", ROUND_FROM)?.into_iter().next(),
            duty: duty_text::grid(doc)?,
            looks: looks(doc)?,
        })
    })
}

fn entries<T: serde::de::DeserializeOwned>(doc: &Automerge, root_name: &str, prefix: &str) -> Result<Vec<T>> {
    let map = root(doc, root_name)?;
    let mut entries = Vec::new();
    for item in doc.map_range(&map, ..) {
        if !item.key.as_ref().starts_with(prefix) {
            continue;
        }
        let value = doc.get(&map, item.key.as_ref()).map_err(damaged)?;
        if let Some(entry) =
            value.and_then(|(value, _)| value.as_str().and_then(|text| serde_json::from_str(text).ok()))
        {
            entries.push(entry);
        }
    }
    Ok(entries)
}

/// One of several texts at one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryValue {
    /// The JSON; `null` where somebody took the entry away.
    pub json: String,
    /// Who wrote it.
    pub actor: Actor,
    /// When.
    pub at: Timestamp,
    /// It is what holds.
    pub holds: bool,
}

/// An entry that people changed without knowing of each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContestedEntry {
    /// Its root map.
    pub root: String,
    /// Its key.
    pub key: String,
    /// What they wrote, what holds first.
    pub values: Vec<EntryValue>,
}

/// Entries at which several texts stand.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`].
pub fn contested(doc: &Automerge) -> Result<Vec<ContestedEntry>> {
    super::shielded(|| {
        let mut found = Vec::new();
        for root_name in super::COUNTY_ROOTS {
            let map = root(doc, root_name)?;
            for item in doc.map_range(&map, ..) {
                let key = item.key.as_ref();
                let all = doc.get_all(&map, key).map_err(damaged)?;
                if all.len() < 2 {
                    continue;
                }
                let winner = doc.get(&map, key).map_err(damaged)?.map(|(_, operation)| operation);
                let value = |(value, operation): &(automerge::Value<'_>, ExId)| {
                    let (actor, at) = written(doc, operation);
                    let json = value.as_str()?.to_owned();
                    Some(EntryValue { json, actor, at, holds: winner.as_ref() == Some(operation) })
                };
                let mut values: Vec<EntryValue> = all.iter().filter_map(value).collect();
                values.sort_by(|one, other| (!one.holds, &one.actor).cmp(&(!other.holds, &other.actor)));
                if values.windows(2).any(|pair| matches!(pair, [one, other] if one.json != other.json)) {
                    found.push(ContestedEntry { root: (*root_name).to_owned(), key: key.to_owned(), values });
                }
            }
        }
        Ok(found)
    })
}

/// Chooses among the texts at a key: the chosen one is written anew and replaces all.
///
/// # Errors
/// [`ErrorCode::ConflictGone`] when it does not stand there any more.
pub fn settle(tx: &mut Transaction<'_>, root_name: &str, key: &str, json: &str) -> Result<()> {
    let gone = || Failure::new(ErrorCode::ConflictGone, "the text does not stand there any more");
    if !super::COUNTY_ROOTS.contains(&root_name) {
        return Err(gone());
    }
    let map = root(tx, root_name)?;
    let all = tx.get_all(&map, key).map_err(damaged)?;
    if all.len() < 2 || !all.iter().any(|(value, _)| value.as_str() == Some(json)) {
        return Err(gone());
    }
    tx.put(&map, key, json).map_err(damaged)
}

/// Who wrote an operation, and when by the writer's clock.
fn written(doc: &Automerge, operation: &ExId) -> (Actor, Timestamp) {
    let ExId::Id(counter, actor, _) = operation else { return (Vec::new(), Timestamp::default()) };
    let holds = |change: &&automerge::Change| {
        change.actor_id() == actor && change.start_op().get() <= *counter && *counter <= change.max_op()
    };
    let at =
        super::changes(doc).unwrap_or_default().iter().find(holds).map(|change| change.timestamp()).unwrap_or_default();
    (actor_of(operation), Timestamp::from_unix_ms(at.saturating_mul(1_000)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::doc::DocumentKind;
    use crate::domain::evidence_rules::EvidenceRules;
    use crate::domain::home_teaching::HomeTeachingQuota;
    use crate::domain::place::{PlaceCode, SchoolCode};
    use crate::domain::time::Timestamp;

    fn county() -> County {
        let place = |code: &str, name: &str| Place {
            code: PlaceCode::parse(code).unwrap(),
            name: name.to_owned(),
            former_names: vec![],
            merged_into: None,
            key_area: false,
        };
        County {
            county: place("999999", "云岭县"),
            places: vec![place("999999101", "青石乡"), place("999999101001", "云岭村")],
            schools: vec![School {
                code: SchoolCode("9999990001".to_owned()),
                name: "青石小学".to_owned(),
                township: PlaceCode::parse("999999101").unwrap(),
                classes: vec![],
                former_names: vec!["青石村小".to_owned()],
                merged_into: None,
            }],
            calendar: crate::domain::calendar::example::calendar(),
            rules: RuleSet::default_rules().into_iter().collect(),
            evidence: vec![EvidenceRules::default_rules().clone()],
            home_teaching: HomeTeachingQuota::default_quota().cloned().into_iter().collect(),
            looks: vec![],
            method: vec![MethodItem {
                key: "3f2a91-0".to_owned(),
                part: "一查".to_owned(),
                text: "由县里填写的一项".to_owned(),
                position: 1,
            }],
            round_from: crate::domain::time::Day::parse("2026-11-01"),
            duty: crate::domain::duty::DutyGrid {
                settings: crate::domain::duty::DutySettings::default_settings(),
                entries: Vec::new(),
            },
            codes: vec![crate::domain::code_list::CodeWording {
                list: "informed_topic".to_owned(),
                key: "child_labour".to_owned(),
                zh: "不让娃儿去打工".to_owned(),
                en: String::new(),
                hidden: false,
            }],
        }
    }

    fn written_once() -> Automerge {
        let mut doc = super::super::empty(DocumentKind::County).unwrap();
        super::super::commit(&mut doc, &[7; 16], Timestamp::default(), |tx| write(tx, &county())).unwrap().unwrap();
        doc
    }

    #[test]
    fn a_county_reads_back_as_it_was_written() {
        assert_eq!(read(&written_once()).unwrap(), county());
    }

    #[test]
    fn two_names_for_one_village_both_stay_and_the_same_one_holds_everywhere() {
        let base = written_once();
        let renamed = |actor: u8, name: &str| {
            let mut doc = base.clone();
            let place = Place { name: name.to_owned(), ..county().places[1].clone() };
            let edit = CountyEdit::Place { place }.completed(&county(), "");
            let at = Timestamp::from_unix_ms(1_795_395_600_000);
            super::super::commit(&mut doc, &[actor; 16], at, |tx| write_edit(tx, &county(), &edit)).unwrap().unwrap()
        };
        let (one, other) = (renamed(1, "新桥村"), renamed(2, "新街村"));
        let merged = |changes: [&automerge::Change; 2]| {
            let mut doc = base.clone();
            for change in changes {
                super::super::apply(&mut doc, vec![change.clone()]).unwrap();
            }
            doc
        };
        let (first, second) = (merged([&one, &other]), merged([&other, &one]));
        assert_eq!(read(&first).unwrap(), read(&second).unwrap());
        let contested_first = contested(&first).unwrap();
        assert_eq!(contested_first, contested(&second).unwrap());
        let [entry] = contested_first.as_slice() else { panic!("one entry is contested") };
        assert_eq!((entry.root.as_str(), entry.key.as_str(), entry.values.len()), ("places", "999999101001", 2));
        assert!(entry.values[0].holds && entry.values[0].json.contains(&read(&first).unwrap().places[1].name));
        assert_eq!(entry.values[0].at.unix_ms(), 1_795_395_600_000);

        let mut settled = first;
        let chosen = entry.values[1].json.clone();
        let write = |tx: &mut Transaction<'_>| settle(tx, "places", "999999101001", &chosen);
        super::super::commit(&mut settled, &[3; 16], Timestamp::default(), write).unwrap().unwrap();
        assert_eq!(contested(&settled).unwrap(), []);
        assert!(chosen.contains(&read(&settled).unwrap().places[1].name));
    }

    #[test]
    fn a_day_that_is_taken_away_is_gone_and_its_neighbours_stay() {
        let mut doc = written_once();
        let days = county().calendar.days;
        let edit = CountyEdit::Calendar { put: Calendar::default(), remove: vec![day_key(&days[0])] };
        super::super::commit(&mut doc, &[7; 16], Timestamp::default(), |tx| write_edit(tx, &county(), &edit)).unwrap();
        assert_eq!(read(&doc).unwrap().calendar.days, days[1..]);
    }
}
