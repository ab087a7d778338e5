//! Reads a dossier from its document. Entries that a newer version wrote with what this one does not know
//! are read as far as they are known; nothing here can fail on content, only on a broken document.

use std::collections::{BTreeMap, BTreeSet};

use automerge::{Automerge, ObjId as ExId, ObjType, ROOT, ReadDoc, ScalarValue, Value};

use super::dossier_write::{FROM_ROSTER, root};
use super::entry_fields::{EntryFields, FieldValue};
use super::{actor_of, damaged};
use crate::domain::absence::AbsenceEntry;
use crate::domain::case_record::CaseRecord;
use crate::domain::check::CheckEntry;
use crate::domain::code_list::{ChildFlag, SchoolingStatus};
use crate::domain::dossier::{Dossier, MoveRecord, PhotoRecord, StatusEvent, VisitRecord, Written};
use crate::domain::evidence::EvidenceEntry;
use crate::domain::field;
use crate::domain::identifier::{EntryId, Hash32};
use crate::domain::place::{ClassId, Leaves, PlaceCode};
use crate::domain::plan::PlanEntry;
use crate::domain::time::{Day, Timestamp};
use crate::domain::transition::TransitionEntry;
use crate::error::{ErrorCode, Failure, Result};

/// Reads a dossier.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`] when its root maps are missing.
pub fn read(doc: &Automerge) -> Result<Dossier> {
    super::shielded(|| Reader { doc, times: std::cell::RefCell::default() }.dossier())
}

struct Reader<'a> {
    doc: &'a Automerge,
    /// The time of each change, by the operation's text form: a commit is asked for once.
    times: std::cell::RefCell<BTreeMap<String, Timestamp>>,
}

impl Reader<'_> {
    fn dossier(&self) -> Result<Dossier> {
        let mut dossier = Dossier::default();
        for field in field::FIELDS {
            if let Some((root_name, key)) = field.path.split_once('.') {
                self.field(&mut dossier, field.path.to_owned(), &root(self.doc, root_name)?, key)?;
            }
        }
        for (key, guardian) in self.entries("guardians")? {
            dossier.guardians.insert(key);
            for part in field::GUARDIAN_FIELDS {
                self.field(&mut dossier, format!("guardians.{key}.{}", part.path), &guardian, part.path)?;
            }
        }
        let flags = root(self.doc, "flags")?;
        for item in self.doc.map_range(&flags, ..) {
            // A flag that one raised and another took away stands: the safer reading for the child.
            let raised = self.doc.get_all(&flags, item.key.as_ref()).map_err(damaged)?;
            if raised.iter().any(|(value, _)| value.as_bool() == Some(true))
                && let Some(flag) = ChildFlag::from_key(item.key.as_ref())
            {
                dossier.flags.insert(flag);
            }
        }
        let placement = root(self.doc, "placement")?;
        dossier.leaves = Leaves {
            village: self.text(&placement, "village")?.and_then(|code| PlaceCode::parse(&code)),
            class: self.text(&placement, "class")?.map(ClassId),
        };
        for (key, entry) in self.entries("placement")? {
            dossier.moves.push(MoveRecord {
                entry: key,
                to: Leaves {
                    village: self.text(&entry, "village")?.and_then(|code| PlaceCode::parse(&code)),
                    class: self.text(&entry, "class")?.map(ClassId),
                },
                note: self.text(&entry, "note")?.unwrap_or_default(),
                actor: actor_of(&entry),
                at: self.time(&entry),
            });
        }
        dossier.duties = super::duty_text::of_child(self.doc)?;
        let record = root(self.doc, "record")?;
        if let Some((value, operation)) = self.doc.get(&record, "opened_from").map_err(damaged)? {
            dossier.from_roster = value.as_str() == Some("roster");
            dossier.opened = Some((actor_of(&operation), self.time(&operation)));
        }
        for (key, event) in self.entries("status")? {
            let status = self.text(&event, "status")?.and_then(|key| SchoolingStatus::from_key(&key));
            dossier.statuses.push(StatusEvent {
                entry: key,
                status: status.unwrap_or(SchoolingStatus::Unverified),
                since: self.text(&event, "since")?.and_then(|day| Day::parse(&day)),
                note: self.text(&event, "note")?.unwrap_or_default(),
                actor: actor_of(&event),
                at: self.time(&event),
                from_roster: self.text(&event, "source")?.as_deref() == Some(FROM_ROSTER),
                seen: self.keys(&event, "seen")?,
            });
        }
        for (key, visit) in self.entries("visits")? {
            dossier.visits.insert(
                key,
                VisitRecord {
                    entry: key,
                    form: self.fields(&visit)?.leniently(),
                    actor: actor_of(&visit),
                    at: self.time(&visit),
                },
            );
        }
        for (key, entry) in self.entries("absences")? {
            // A mark that a newer version knows says nothing here: what is not understood must not count.
            let Some(form) = self.fields(&entry)?.strictly() else { continue };
            dossier.absences.push(AbsenceEntry {
                entry: key,
                form,
                seen: self.keys(&entry, "seen")?,
                rule: self.text(&entry, "rule")?.unwrap_or_default(),
                actor: actor_of(&entry),
                at: self.time(&entry),
            });
        }
        for (key, entry) in self.entries("cases")? {
            let Some(form) = self.fields(&entry)?.strictly() else { continue };
            dossier.case_records.push(CaseRecord {
                entry: key,
                form,
                seen: self.keys(&entry, "seen")?,
                rule: self.text(&entry, "rule")?.unwrap_or_default(),
                actor: actor_of(&entry),
                at: self.time(&entry),
            });
        }
        for (key, entry) in self.entries("household")? {
            let Some(form) = self.fields(&entry)?.strictly() else { continue };
            let seen = self.keys(&entry, "seen")?;
            dossier.checks.push(CheckEntry { entry: key, form, seen, actor: actor_of(&entry), at: self.time(&entry) });
        }
        for (key, entry) in self.entries("evidence")? {
            if let Some(photo) = self.photo(key, &entry)? {
                dossier.photos.insert(key, photo);
            } else if let Some(form) = self.fields(&entry)?.strictly() {
                let seen = self.keys(&entry, "seen")?;
                dossier.evidence.push(EvidenceEntry {
                    entry: key,
                    form,
                    seen,
                    actor: actor_of(&entry),
                    at: self.time(&entry),
                });
            }
        }
        for (key, entry) in self.entries("plan")? {
            let Some(form) = self.fields(&entry)?.strictly() else { continue };
            let seen = self.keys(&entry, "seen")?;
            dossier.plan.push(PlanEntry { entry: key, form, seen, actor: actor_of(&entry), at: self.time(&entry) });
        }
        for (key, entry) in self.entries("transition")? {
            // What decides over where a child is said to be must be understood whole.
            let Some(form) = self.fields(&entry)?.strictly() else { continue };
            dossier.transition.push(TransitionEntry {
                entry: key,
                form,
                seen: self.keys(&entry, "seen")?,
                has_pages: dossier.photos.values().any(|photo| photo.visit == Some(key)),
                actor: actor_of(&entry),
                at: self.time(&entry),
            });
        }
        Ok(dossier)
    }

    fn entries(&self, root_name: &str) -> Result<BTreeMap<EntryId, ExId>> {
        entries(self.doc, root_name)
    }

    fn field(&self, dossier: &mut Dossier, path: String, map: &ExId, key: &str) -> Result<()> {
        let mut values: Vec<Written> = Vec::new();
        // automerge lists the winner last; every device with the same heads agrees on it.
        for (value, operation) in self.doc.get_all(map, key).map_err(damaged)?.into_iter().rev() {
            let Some(text) = value.as_str() else { continue };
            if values.iter().any(|written| written.value == text) {
                // Two people wrote the same: that is no conflict.
                continue;
            }
            values.push(Written {
                value: text.to_owned(),
                operation: operation.to_string(),
                actor: actor_of(&operation),
                at: self.time(&operation),
            });
        }
        if values.iter().any(|written| !written.value.is_empty()) || values.len() > 1 {
            dossier.fields.insert(path, values);
        }
        Ok(())
    }

    /// The fields of an entry.
    fn fields(&self, entry: &ExId) -> Result<EntryFields> {
        let mut fields = EntryFields::default();
        for item in self.doc.map_range(entry, ..) {
            let Some((value, _)) = self.doc.get(entry, item.key.as_ref()).map_err(damaged)? else { continue };
            let Value::Scalar(scalar) = value else { continue };
            let value = match scalar.as_ref() {
                ScalarValue::Str(text) => FieldValue::Text(text.to_string()),
                ScalarValue::Boolean(answer) => FieldValue::Answer(*answer),
                ScalarValue::Timestamp(number) | ScalarValue::Int(number) => FieldValue::Number(*number),
                _ => continue,
            };
            fields.insert(item.key.to_string(), value);
        }
        Ok(fields)
    }

    /// A list of keys.
    fn keys(&self, map: &ExId, key: &str) -> Result<BTreeSet<EntryId>> {
        let keys = self.text(map, key)?;
        Ok(keys.map(|keys| keys.split(',').filter_map(EntryId::parse).collect()).unwrap_or_default())
    }

    fn photo(&self, key: EntryId, entry: &ExId) -> Result<Option<PhotoRecord>> {
        let (Some(photo), Some(thumbnail)) = (self.hash(entry, "photo")?, self.hash(entry, "thumbnail")?) else {
            return Ok(None);
        };
        Ok(Some(PhotoRecord {
            entry: key,
            visit: self.text(entry, "visit")?.and_then(|visit| EntryId::parse(&visit)),
            capture: self.hash(entry, "capture")?.unwrap_or(Hash32::ZERO),
            photo,
            photo_bytes: self.number(entry, "photo_bytes")?,
            thumbnail,
            thumbnail_bytes: self.number(entry, "thumbnail_bytes")?,
            placeholder: self.bytes(entry, "placeholder")?.unwrap_or_default(),
            taken_at: Timestamp::from_unix_ms(i64::try_from(self.number(entry, "taken_at")?).unwrap_or(0)),
            position: self.text(entry, "position")?,
            width: u32::try_from(self.number(entry, "width")?).unwrap_or(0),
            height: u32::try_from(self.number(entry, "height")?).unwrap_or(0),
            actor: actor_of(entry),
        }))
    }

    fn text(&self, map: &ExId, key: &str) -> Result<Option<String>> {
        let value = self.doc.get(map, key).map_err(damaged)?;
        Ok(value.and_then(|(value, _)| value.as_str().map(str::to_owned)))
    }

    fn bytes(&self, map: &ExId, key: &str) -> Result<Option<Vec<u8>>> {
        let value = self.doc.get(map, key).map_err(damaged)?;
        Ok(value.and_then(|(value, _)| value.as_bytes().map(<[u8]>::to_vec)))
    }

    fn hash(&self, map: &ExId, key: &str) -> Result<Option<Hash32>> {
        Ok(self.bytes(map, key)?.and_then(|bytes| Hash32::from_slice(&bytes)))
    }

    fn number(&self, map: &ExId, key: &str) -> Result<u64> {
        let Some((Value::Scalar(scalar), _)) = self.doc.get(map, key).map_err(damaged)? else { return Ok(0) };
        Ok(match scalar.as_ref() {
            ScalarValue::Uint(number) => *number,
            ScalarValue::Int(number) | ScalarValue::Timestamp(number) => u64::try_from(*number).unwrap_or(0),
            _ => 0,
        })
    }

    fn time(&self, operation: &ExId) -> Timestamp {
        let key = operation.to_string();
        if let Some(time) = self.times.borrow().get(&key) {
            return *time;
        }
        let time = time(self.doc, operation);
        self.times.borrow_mut().insert(key, time);
        time
    }
}

/// The entries of a root map that are maps under a key of ours, in the order of their keys.
pub(super) fn entries(doc: &Automerge, root_name: &str) -> Result<BTreeMap<EntryId, ExId>> {
    let map = root(doc, root_name)?;
    let mut entries = BTreeMap::new();
    for item in doc.map_range(&map, ..) {
        if let Some(key) = EntryId::parse(item.key.as_ref())
            && let Some((Value::Object(ObjType::Map), id)) = doc.get(&map, item.key.as_ref()).map_err(damaged)?
        {
            entries.insert(key, id);
        }
    }
    Ok(entries)
}

/// When the change that holds an operation was made.
pub(super) fn time(doc: &Automerge, operation: &ExId) -> Timestamp {
    doc.hash_for_opid(operation)
        .and_then(|hash| doc.get_change_meta_by_hash(&hash).map(|change| change.timestamp))
        .map_or(Timestamp::default(), |seconds| Timestamp::from_unix_ms(seconds.saturating_mul(1000)))
}

/// The values that stand at a path, for settling: by the name of their write.
///
/// # Errors
/// [`ErrorCode::ConflictGone`] when the write does not stand any more.
pub fn value_of(dossier: &Dossier, path: &str, operation: &str) -> Result<String> {
    dossier
        .fields
        .get(path)
        .filter(|values| values.len() > 1)
        .and_then(|values| values.iter().find(|written| written.operation == operation))
        .map(|written| written.value.clone())
        .ok_or_else(|| Failure::new(ErrorCode::ConflictGone, "the value does not stand any more"))
}

/// Whether a document has all its root maps.
#[must_use]
pub fn is_dossier(doc: &Automerge) -> bool {
    super::DOSSIER_ROOTS.iter().all(|name| doc.get(ROOT, *name).is_ok_and(|value| value.is_some()))
}

#[cfg(test)]
mod tests {
    use super::super::{apply, commit, dossier_write as write, empty, load};
    use super::*;
    use crate::domain::absence::AbsenceForm;
    use crate::domain::case_record::CaseForm;
    use crate::domain::code_list::{AbsenceReason, AttendanceMark, CaseRecordKind, DayPart, VisitMode, VisitPurpose};
    use crate::domain::doc::DocumentKind;
    use crate::domain::status_change::StatusForm;
    use crate::domain::visit::{Companion, ReceivedBy, VisitForm};

    const LI: [u8; 16] = [1; 16];
    const WANG: [u8; 16] = [2; 16];

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_unix_ms(1_795_400_000_000 + minute * 60_000)
    }

    fn key(number: u8) -> EntryId {
        EntryId::from_bytes([number; 16])
    }

    fn status(status: SchoolingStatus, note: &str) -> StatusForm {
        StatusForm { status, since: None, note: note.to_owned() }
    }

    #[test]
    fn two_teachers_who_change_one_phone_apart_leave_two_values_with_names_and_times() {
        let mut li = empty(DocumentKind::Dossier).unwrap();
        let first = commit(&mut li, &LI, at(0), |tx| {
            write::open(tx, &Leaves::default(), true)?;
            write::set_field(tx, "profile.name", "石小雨")?;
            write::add_guardian(tx, key(9), "石大山", "father", "19900000001")
        })
        .unwrap()
        .unwrap();
        let mut wang = load(&li.save()).unwrap();
        let by_li = commit(&mut li, &LI, at(1), |tx| {
            write::set_field(tx, &format!("guardians.{}.phone", key(9)), "19900000002")
        });
        let by_wang = commit(&mut wang, &WANG, at(2), |tx| {
            write::set_field(tx, &format!("guardians.{}.phone", key(9)), "19900000003")
        });
        let (by_li, by_wang) = (by_li.unwrap().unwrap(), by_wang.unwrap().unwrap());
        assert_eq!(first.deps().len(), 1, "the first commit builds on the genesis");
        apply(&mut li, vec![by_wang]).unwrap();
        apply(&mut wang, vec![by_li]).unwrap();
        let (seen_by_li, seen_by_wang) = (read(&li).unwrap(), read(&wang).unwrap());
        assert_eq!(seen_by_li, seen_by_wang, "equal heads, equal screens");
        let (path, values) = seen_by_li.conflicts().next().unwrap();
        assert!(path.ends_with(".phone"));
        let mut told: Vec<_> = values.iter().map(|w| (w.value.as_str(), w.actor.as_slice(), w.at)).collect();
        told.sort();
        assert_eq!(
            told,
            [
                ("19900000002", LI.as_slice(), Timestamp::from_unix_ms(at(1).unix_ms() / 1000 * 1000)),
                ("19900000003", WANG.as_slice(), Timestamp::from_unix_ms(at(2).unix_ms() / 1000 * 1000)),
            ]
        );
        // A person chooses one: then one value stands, on both.
        let path = path.to_owned();
        let chosen = value_of(&seen_by_li, &path, &values[1].operation).unwrap();
        let settled = commit(&mut li, &LI, at(3), |tx| write::set_field(tx, &path, &chosen)).unwrap().unwrap();
        apply(&mut wang, vec![settled]).unwrap();
        assert_eq!(read(&wang).unwrap().conflicts().count(), 0);
        assert_eq!(read(&wang).unwrap().value(&path), chosen);
    }

    #[test]
    fn a_visit_reads_back_as_it_was_filled_in() {
        let form = VisitForm {
            started_at: Some(at(0)),
            mode: Some(VisitMode::AtHome),
            purpose: Some(VisitPurpose::Persuasion),
            place: "云岭村3社".to_owned(),
            companions: vec![Companion { name: "赵村长".to_owned(), duty: "村主任".to_owned() }],
            received_by: ReceivedBy { relation: None, name: "石大山".to_owned() },
            child_seen: Some(false),
            reasons_teacher: vec![AbsenceReason::MigrantWork],
            next_visit_on: Some(at(0).day().plus_days(7)),
            ..VisitForm::default()
        };
        let mut doc = empty(DocumentKind::Dossier).unwrap();
        commit(&mut doc, &LI, at(0), |tx| write::add_visit(tx, key(1), &form)).unwrap().unwrap();
        let visit = read(&doc).unwrap().visits.remove(&key(1)).unwrap();
        assert_eq!(visit.form, form);
        assert_eq!(visit.actor, LI);
    }

    #[test]
    fn a_visit_from_a_newer_version_is_read_as_far_as_it_is_known() {
        let mut doc = empty(DocumentKind::Dossier).unwrap();
        commit(&mut doc, &LI, at(0), |tx| {
            use automerge::transaction::Transactable;
            let visits = root(tx, "visits")?;
            let visit = tx.put_object(&visits, key(1).to_string(), ObjType::Map).unwrap();
            tx.put(&visit, "mode", "by_drone").unwrap();
            tx.put(&visit, "place", "云岭村").unwrap();
            Ok(())
        })
        .unwrap();
        let visit = read(&doc).unwrap().visits.remove(&key(1)).unwrap();
        assert_eq!(visit.form.place, "云岭村");
        assert_eq!(visit.form.mode, None);
    }

    /// What a clerk may paste or a teacher may type, and what a reader could take for something else than text.
    const LIKE_JSON: &[&str] = &[
        "[1]",
        "[]",
        "[null]",
        r#"{"a":1}"#,
        "{}",
        r#""x""#,
        "12",
        "true",
        "null",
        "[例:家长说「不去」]",
        "{",
        "[1, 2 ,3]",
    ];

    #[test]
    fn a_note_that_looks_like_a_list_is_read_back_as_it_was_typed() {
        for text in LIKE_JSON {
            let text = (*text).to_owned();
            let people = vec![Companion { name: text.clone(), duty: text.clone() }];
            let visit = VisitForm {
                place: text.clone(),
                companions: people.clone(),
                received_by: ReceivedBy { relation: None, name: text.clone() },
                household_situation: text.clone(),
                circumstances: text.clone(),
                at_school: text.clone(),
                at_home: text.clone(),
                reasons_note: text.clone(),
                parent_words: text.clone(),
                actions: text.clone(),
                refusal_reason: text.clone(),
                refusal_witness: text.clone(),
                reasons_teacher: vec![AbsenceReason::Other],
                ..VisitForm::default()
            };
            let day = at(0).day();
            let mark = AttendanceMark::Personal;
            let absence = AbsenceForm { day, until: None, part: DayPart::Whole, mark, note: text.clone() };
            let case = CaseForm {
                note: text.clone(),
                person: text.clone(),
                number: text.clone(),
                office: text.clone(),
                refusal: text.clone(),
                step: text.clone(),
                servers: people.clone(),
                witnesses: people,
                ..CaseForm::new(CaseRecordKind::Service, day)
            };
            let mut doc = empty(DocumentKind::Dossier).unwrap();
            commit(&mut doc, &LI, at(0), |tx| {
                write::add_visit(tx, key(1), &visit)?;
                write::add_absence(tx, key(2), &absence, &BTreeSet::new(), "")?;
                write::add_case_record(tx, key(3), &case, &BTreeSet::new(), "")?;
                write::add_status(tx, key(4), &status(SchoolingStatus::Unverified, &text), &[])?;
                write::add_move(tx, key(5), &Leaves::default(), &text)?;
                write::add_guardian(tx, key(6), &text, "father", &text)?;
                write::set_field(tx, "profile.note", &text)
            })
            .unwrap()
            .unwrap();
            let dossier = read(&doc).unwrap();
            assert_eq!(dossier.visits[&key(1)].form, visit, "{text}");
            assert_eq!(dossier.absences[0].form, absence, "{text}");
            assert_eq!(dossier.case_records[0].form, case, "{text}");
            assert_eq!((&dossier.statuses[0].note, &dossier.moves[0].note), (&text, &text));
            assert_eq!(dossier.value("profile.note"), text);
            assert_eq!(dossier.value(&format!("guardians.{}.name", key(6))), text);
        }
    }

    #[test]
    fn a_dropout_that_nobody_decided_over_a_case_is_a_suspected_one_whoever_wrote_it() {
        let mut doc = empty(DocumentKind::Dossier).unwrap();
        let written = status(SchoolingStatus::Dropout, "自己填的");
        commit(&mut doc, &LI, at(0), |tx| write::add_status(tx, key(1), &written, &[])).unwrap();
        assert_eq!(read(&doc).unwrap().status(), SchoolingStatus::SuspectedDropout);
        let decision = CaseForm::new(CaseRecordKind::Dropout, at(0).day());
        commit(&mut doc, &LI, at(1), |tx| write::add_case_record(tx, key(2), &decision, &BTreeSet::new(), "")).unwrap();
        assert_eq!(read(&doc).unwrap().status(), SchoolingStatus::Dropout);
        let withdrawn = CaseForm { of: Some(key(2)), ..CaseForm::new(CaseRecordKind::Withdrawn, at(0).day()) };
        commit(&mut doc, &LI, at(2), |tx| write::add_case_record(tx, key(3), &withdrawn, &BTreeSet::new(), ""))
            .unwrap();
        assert_eq!(read(&doc).unwrap().status(), SchoolingStatus::SuspectedDropout, "the decision was taken back");
    }

    #[test]
    fn two_statuses_recorded_apart_both_stand_and_the_safer_one_is_shown() {
        let mut li = empty(DocumentKind::Dossier).unwrap();
        let mut wang = empty(DocumentKind::Dossier).unwrap();
        let back = commit(&mut li, &LI, at(0), |tx| {
            write::add_status(tx, key(1), &status(SchoolingStatus::Returned, ""), &[])
        });
        commit(&mut wang, &WANG, at(0), |tx| {
            write::add_status(tx, key(2), &status(SchoolingStatus::SuspectedDropout, ""), &[])
        })
        .unwrap();
        apply(&mut wang, vec![back.unwrap().unwrap()]).unwrap();
        let dossier = read(&wang).unwrap();
        assert_eq!(dossier.standing_statuses().len(), 2);
        assert_eq!(dossier.status(), SchoolingStatus::SuspectedDropout);
        commit(&mut wang, &WANG, at(1), |tx| {
            write::add_status(tx, key(3), &status(SchoolingStatus::Returned, ""), &[key(1), key(2)])
        })
        .unwrap();
        assert_eq!(
            read(&wang).unwrap().status(),
            SchoolingStatus::Returned,
            "a later event that saw both replaces both"
        );
    }
}
