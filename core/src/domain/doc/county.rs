//! The county document: places and schools, calendar and rule sets, written by the county's administration, read by all.

use automerge::transaction::{Transactable, Transaction};
use automerge::{Automerge, ReadDoc};

use super::damaged;
use super::dossier_write::root;
use crate::domain::calendar::Calendar;
use crate::domain::place::{County, Place, School, SchoolCode};
use crate::domain::rule_set::RuleSet;
use crate::error::{ErrorCode, Failure, Result};

/// Writes the county file into its document: one entry a place and a school, so that two people who change
/// different ones do not meet.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`].
pub fn write(tx: &mut Transaction<'_>, county: &County) -> Result<()> {
    let own = root(tx, "county")?;
    tx.put(&own, "place", json(&county.county)?).map_err(damaged)?;
    let places = root(tx, "places")?;
    for place in &county.places {
        tx.put(&places, place.code.as_str(), json(place)?).map_err(damaged)?;
    }
    let schools = root(tx, "schools")?;
    for school in &county.schools {
        tx.put(&schools, school.code.0.as_str(), json(school)?).map_err(damaged)?;
    }
    let calendar = root(tx, "calendar")?;
    let school = |school: &Option<SchoolCode>| school.as_ref().map(|code| code.0.clone()).unwrap_or_default();
    for term in &county.calendar.terms {
        let key = format!("term/{}/{}", school(&term.school), term.key);
        tx.put(&calendar, key, json(term)?).map_err(damaged)?;
    }
    for day in &county.calendar.days {
        tx.put(&calendar, format!("day/{}/{}", school(&day.school), day.day), json(day)?).map_err(damaged)?;
    }
    for cycle in &county.calendar.cycles {
        let key = format!("cycle/{}/{}", school(&cycle.school), cycle.from);
        tx.put(&calendar, key, json(cycle)?).map_err(damaged)?;
    }
    let rules = root(tx, "rules")?;
    for set in &county.rules {
        tx.put(&rules, set.name(), json(set)?).map_err(damaged)?;
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
        Ok(County {
            county,
            places: entries::<Place>(doc, "places", "")?,
            schools: entries::<School>(doc, "schools", "")?,
            calendar: Calendar {
                terms: entries(doc, "calendar", "term/")?,
                days: entries(doc, "calendar", "day/")?,
                cycles: entries(doc, "calendar", "cycle/")?,
            },
            rules: entries::<RuleSet>(doc, "rules", "")?,
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

fn json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|cause| Failure::caused(ErrorCode::Internal, "county entry", cause))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::doc::DocumentKind;
    use crate::domain::place::PlaceCode;
    use crate::domain::time::Timestamp;

    #[test]
    fn a_county_reads_back_as_it_was_written() {
        let place = |code: &str, name: &str| Place {
            code: PlaceCode::parse(code).unwrap(),
            name: name.to_owned(),
            former_names: vec![],
        };
        let county = County {
            county: place("999999", "云岭县"),
            places: vec![place("999999101", "青石乡"), place("999999101001", "云岭村")],
            schools: vec![School {
                code: SchoolCode("9999990001".to_owned()),
                name: "青石小学".to_owned(),
                township: PlaceCode::parse("999999101").unwrap(),
                classes: vec![],
            }],
            calendar: crate::domain::calendar::example::calendar(),
            rules: RuleSet::default_rules().into_iter().collect(),
        };
        let mut doc = super::super::empty(DocumentKind::County).unwrap();
        super::super::commit(&mut doc, &[7; 16], Timestamp::default(), |tx| write(tx, &county)).unwrap().unwrap();
        assert_eq!(read(&doc).unwrap(), county);
    }
}
