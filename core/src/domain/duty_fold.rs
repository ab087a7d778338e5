//! Who answers for a child: the fold of the duty grid with the bindings of the child's own dossier.
//!
//! Of bindings that did not know of each other all stand, and all persons are shown; the one from the latest day comes
//! first. A hand-over passes on every binding of the person who leaves that lies within its scope, also one that somebody
//! made elsewhere without knowing of it: nobody answers to a person who has gone.

use std::collections::{BTreeMap, BTreeSet};

use super::county::{County, Mergers};
use super::duty::{DutyEntry, DutyForm, DutyLevel, DutyLine, DutyPerson, DutyScope, DutySettings, lies_in};
use super::identifier::{DocumentId, EntryId};
use super::place::{Leaves, PlaceCode, SchoolCode, Scope};
use super::time::Day;

/// A person who answers, and by which binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answering {
    /// Who.
    pub person: DutyPerson,
    /// Since when: the binding's day, or the hand-over's.
    pub since: Day,
    /// The binding.
    pub binding: EntryId,
    /// By which hand-overs it came to this person, in their order.
    pub handed_over: Vec<EntryId>,
}

/// Who answers for a child on a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Responsible<'a> {
    /// The level.
    pub level: &'a DutyLevel,
    /// Who; more than one when people bound apart, what holds first. Never empty.
    pub people: Vec<Answering>,
}

/// A hand-over and whether it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    /// The entry.
    pub entry: DutyEntry,
    /// The entry that took it back.
    pub undone_by: Option<DutyEntry>,
}

/// A child, as far as duties go.
#[derive(Debug, Clone, Copy)]
pub struct ChildPlace<'a> {
    /// The dossier.
    pub document: DocumentId,
    /// Where it lies.
    pub leaves: &'a Leaves,
    /// 3社
    pub group: &'a str,
    /// The bindings of its own dossier.
    pub own: &'a [DutyEntry],
}

/// A binding that stands.
#[derive(Debug, Clone)]
struct Bound {
    entry: EntryId,
    person: Option<DutyPerson>,
    from: Day,
    seen: BTreeSet<EntryId>,
}

/// The grid, ready to be asked.
#[derive(Debug)]
pub struct Duties {
    settings: DutySettings,
    bound: BTreeMap<(String, DutyScope), Vec<Bound>>,
    handovers: Vec<Handover>,
    /// The township that each school stands in.
    townships: BTreeMap<SchoolCode, PlaceCode>,
    mergers: Mergers,
}

impl Duties {
    /// Of a county.
    #[must_use]
    pub fn of(county: &County) -> Self {
        let undone: BTreeMap<EntryId, &DutyEntry> = county
            .duty
            .entries
            .iter()
            .filter_map(|entry| match entry.form {
                DutyForm::Undo { of, .. } => Some((of, entry)),
                DutyForm::Bind { .. } | DutyForm::Handover { .. } => None,
            })
            .collect();
        let is_handover = |entry: &&DutyEntry| matches!(entry.form, DutyForm::Handover { .. });
        let mut handovers: Vec<Handover> = county
            .duty
            .entries
            .iter()
            .filter(is_handover)
            .map(|entry| Handover {
                entry: entry.clone(),
                undone_by: undone.get(&entry.entry).map(|entry| (*entry).clone()),
            })
            .collect();
        handovers.sort_by_key(|one| (handover_day(&one.entry), one.entry.entry));
        Self {
            settings: county.duty.settings(),
            bound: standing(&county.duty.entries),
            handovers,
            townships: county.schools.iter().map(|one| (one.code.clone(), one.township.clone())).collect(),
            mergers: county.mergers(),
        }
    }

    /// How the grid is made.
    #[must_use]
    pub const fn settings(&self) -> &DutySettings {
        &self.settings
    }

    /// All hand-overs, in their order, with those that were taken back.
    #[must_use]
    pub fn handovers(&self) -> &[Handover] {
        &self.handovers
    }

    /// Who is bound to something at a level; empty for nobody.
    #[must_use]
    pub fn people(&self, level: &str, scope: &DutyScope) -> Vec<Answering> {
        let bound = self.bound.get(&(level.to_owned(), scope.clone()));
        self.answering(bound.map_or(&[], Vec::as_slice), scope, None)
    }

    /// The bindings of the grid that stand at a level and scope: what a new one replaces.
    #[must_use]
    pub fn standing_at(&self, level: &str, scope: &DutyScope) -> BTreeSet<EntryId> {
        let bound = self.bound.get(&(level.to_owned(), scope.clone()));
        bound.into_iter().flatten().map(|bound| bound.entry).collect()
    }

    /// Everything that somebody is bound to, level by level, with who.
    pub fn all(&self) -> impl Iterator<Item = (&str, &DutyScope, Vec<Answering>)> {
        self.bound
            .iter()
            .map(|((level, scope), bound)| (level.as_str(), scope, self.answering(bound, scope, None)))
            .filter(|(_, _, people)| !people.is_empty())
    }

    /// Who answers for a child on a line: of the levels that answer for children the nearest at which somebody is bound.
    #[must_use]
    pub fn responsible(&self, line: DutyLine, child: &ChildPlace<'_>) -> Option<Responsible<'_>> {
        self.settings.answering(line).find_map(|level| {
            let people = self.of_child(level, child);
            (!people.is_empty()).then_some(Responsible { level, people })
        })
    }

    /// Who answers for a child at each level of the grid, from the top; levels without anybody are left out.
    #[must_use]
    pub fn chain(&self, child: &ChildPlace<'_>) -> Vec<Responsible<'_>> {
        let levels = self.settings.levels.iter();
        levels
            .map(|level| Responsible { level, people: self.of_child(level, child) })
            .filter(|one| !one.people.is_empty())
            .collect()
    }

    /// At one level: by the child's own binding, else by what is nearest to the child.
    fn of_child(&self, level: &DutyLevel, child: &ChildPlace<'_>) -> Vec<Answering> {
        let own = standing(child.own);
        let scope = DutyScope::Child { document: child.document };
        if let Some(bound) = own.get(&(level.key.clone(), scope.clone())) {
            let people = self.answering(bound, &scope, Some(child.leaves));
            if !people.is_empty() {
                return people;
            }
        }
        let scopes = self.scopes_of(level.line, child);
        scopes.iter().map(|scope| self.people(&level.key, scope)).find(|people| !people.is_empty()).unwrap_or_default()
    }

    /// What a child lies in, the nearest first: on the education line class, school and the school's township; on the
    /// government line group, village, township. A village that became a part of another is looked for under both codes.
    fn scopes_of(&self, line: DutyLine, child: &ChildPlace<'_>) -> Vec<DutyScope> {
        let mut scopes = Vec::new();
        let mut place = |code: &PlaceCode| scopes.push(DutyScope::Place { code: code.clone() });
        match line {
            DutyLine::Government => {
                let Some(village) = &child.leaves.village else { return scopes };
                let now = self.mergers.place(village);
                for code in [village, &now] {
                    place(code);
                }
                for code in [village, &now] {
                    if let Some(township) = code.parent() {
                        place(&township);
                        place(&self.mergers.place(&township));
                    }
                }
                if !child.group.is_empty() {
                    let group =
                        |code: &PlaceCode| DutyScope::Group { village: code.clone(), group: child.group.to_owned() };
                    scopes.splice(0..0, [group(village), group(&now)]);
                }
            }
            DutyLine::Education => {
                let Some(class) = &child.leaves.class else { return scopes };
                let school = class.school();
                let now = self.mergers.school(&school);
                scopes.push(DutyScope::Class { id: class.clone() });
                scopes.extend([&school, &now].map(|code| DutyScope::School { code: code.clone() }));
                let township = self.townships.get(&now).map(|code| self.mergers.place(code));
                scopes.extend(township.map(|code| DutyScope::Place { code }));
            }
        }
        scopes
    }

    fn answering(&self, bound: &[Bound], scope: &DutyScope, lies: Option<&Leaves>) -> Vec<Answering> {
        let mut people: Vec<Answering> = Vec::new();
        for binding in bound {
            let Some(person) = &binding.person else { continue };
            let first = Answering {
                person: person.clone(),
                since: binding.from,
                binding: binding.entry,
                handed_over: Vec::new(),
            };
            people.extend(self.passed_on(binding, first, scope, lies));
        }
        people.sort_by_key(|one| std::cmp::Reverse((one.since, one.binding)));
        let mut known = BTreeSet::new();
        people.retain(|one| known.insert(one.person.key()));
        people
    }

    /// A binding after all hand-overs that pass it on. Two hand-overs of one person that did not know of each other both
    /// do: then two people answer until somebody decides.
    fn passed_on(&self, binding: &Bound, one: Answering, scope: &DutyScope, lies: Option<&Leaves>) -> Vec<Answering> {
        let mut next = Vec::new();
        for handover in self.handovers.iter().filter(|handover| handover.undone_by.is_none()) {
            let DutyForm::Handover { from, to, within, on, .. } = &handover.entry.form else { continue };
            let id = handover.entry.entry;
            let passes = from.key() == one.person.key()
                && !binding.seen.contains(&id)
                && !one.handed_over.contains(&id)
                // A hand-over that knew of the ones before goes on from them; it never goes back behind them.
                && one.handed_over.last().is_none_or(|last| handover.entry.seen.contains(last))
                && self.covers(within, scope, lies);
            if passes {
                let handed_over = one.handed_over.iter().copied().chain([id]).collect();
                let passed = Answering { person: to.clone(), since: *on, binding: one.binding, handed_over };
                next.extend(self.passed_on(binding, passed, scope, lies));
            }
        }
        if next.is_empty() { vec![one] } else { next }
    }

    /// Whether what is bound lies within a scope of the register. `lies` is where the child lies whose dossier it is.
    fn covers(&self, within: &Scope, scope: &DutyScope, lies: Option<&Leaves>) -> bool {
        if let (DutyScope::Child { .. }, Some(leaves)) = (scope, lies) {
            return within.covers(leaves) || self.township_holds(within, leaves);
        }
        let Some(own) = scope.register_scope() else { return false };
        let school = match &own {
            Scope::School(code) => Some(code.clone()),
            Scope::Class(id) => Some(id.school()),
            Scope::Place(_) => None,
        };
        let township = school.and_then(|code| self.townships.get(&code));
        lies_in(&own, within) || township.is_some_and(|code| lies_in(&Scope::Place(code.clone()), within))
    }

    fn township_holds(&self, within: &Scope, leaves: &Leaves) -> bool {
        let school = leaves.class.as_ref().map(super::place::ClassId::school);
        let township = school.and_then(|code| self.townships.get(&code));
        township.is_some_and(|code| lies_in(&Scope::Place(code.clone()), within))
    }
}

fn handover_day(entry: &DutyEntry) -> Option<Day> {
    match entry.form {
        DutyForm::Handover { on, .. } => Some(on),
        DutyForm::Bind { .. } | DutyForm::Undo { .. } => None,
    }
}

/// The bindings that no other has replaced, by level and scope.
fn standing(entries: &[DutyEntry]) -> BTreeMap<(String, DutyScope), Vec<Bound>> {
    let bindings = entries.iter().filter(|entry| matches!(entry.form, DutyForm::Bind { .. }));
    let replaced: BTreeSet<EntryId> = bindings.flat_map(|entry| entry.seen.iter().copied()).collect();
    let mut standing: BTreeMap<(String, DutyScope), Vec<Bound>> = BTreeMap::new();
    for entry in entries {
        let DutyForm::Bind { level, scope, person, from } = &entry.form else { continue };
        if !replaced.contains(&entry.entry) {
            standing.entry((level.clone(), scope.clone())).or_default().push(Bound {
                entry: entry.entry,
                person: person.clone(),
                from: *from,
                seen: entry.seen.clone(),
            });
        }
    }
    standing
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::example::day;
    use crate::domain::place::ClassId;
    use crate::domain::roster::example::{THREE_ONE, county};

    fn id(number: u8) -> EntryId {
        EntryId::from_bytes([number; 16])
    }

    fn person(name: &str) -> DutyPerson {
        DutyPerson { person: None, name: name.to_owned(), phone: String::new() }
    }

    fn class() -> DutyScope {
        DutyScope::Class { id: ClassId(THREE_ONE.to_owned()) }
    }

    fn bind(number: u8, scope: DutyScope, name: Option<&str>, from: &str, seen: &[u8]) -> DutyEntry {
        DutyEntry {
            entry: id(number),
            form: DutyForm::Bind { level: "teacher".to_owned(), scope, person: name.map(person), from: day(from) },
            seen: seen.iter().map(|number| id(*number)).collect(),
            actor: Vec::new(),
        }
    }

    fn hand_over(number: u8, from: &str, to: &str, on: &str, seen: &[u8]) -> DutyEntry {
        let within = Scope::parse("school:9999990001").unwrap();
        let (from, to, reason) = (person(from), person(to), "调走".to_owned());
        DutyEntry {
            entry: id(number),
            form: DutyForm::Handover { from, to, within, on: day(on), reason },
            seen: seen.iter().map(|number| id(*number)).collect(),
            actor: Vec::new(),
        }
    }

    fn undo(number: u8, of: u8) -> DutyEntry {
        let form = DutyForm::Undo { of: id(of), reason: "没有调走".to_owned() };
        DutyEntry { entry: id(number), form, seen: BTreeSet::new(), actor: Vec::new() }
    }

    /// Who answers for a child of class 3(1), whatever came first.
    fn teachers(entries: &[DutyEntry], own: &[DutyEntry]) -> Vec<String> {
        let names = |entries: Vec<DutyEntry>| -> Vec<String> {
            let mut county = county();
            county.duty.entries = entries;
            let duties = Duties::of(&county);
            let leaves = Leaves { village: None, class: Some(ClassId(THREE_ONE.to_owned())) };
            let document = DocumentId::from_bytes([1; 16]);
            let child = ChildPlace { document, leaves: &leaves, group: "", own };
            let found = duties.responsible(DutyLine::Education, &child);
            found.map(|one| one.people).unwrap_or_default().into_iter().map(|one| one.person.name).collect()
        };
        let mut back = entries.to_vec();
        back.reverse();
        let told = names(entries.to_vec());
        assert_eq!(told, names(back), "whatever came first");
        told
    }

    #[test]
    fn a_binding_replaces_the_one_that_it_knew_and_two_that_did_not_know_of_each_other_both_stand() {
        let li = bind(1, class(), Some("李老师"), "2026-09-01", &[]);
        let wang = bind(2, class(), Some("王老师"), "2026-11-01", &[1]);
        let zhou = bind(3, class(), Some("周老师"), "2026-11-02", &[1]);
        assert_eq!(teachers(&[], &[]), Vec::<String>::new());
        assert_eq!(teachers(std::slice::from_ref(&li), &[]), ["李老师"]);
        assert_eq!(teachers(&[li.clone(), wang.clone()], &[]), ["王老师"]);
        assert_eq!(teachers(&[li.clone(), wang, zhou], &[]), ["周老师", "王老师"], "the latest day first");
        assert_eq!(teachers(&[li, bind(4, class(), None, "2026-11-03", &[1])], &[]), Vec::<String>::new());
    }

    #[test]
    fn a_childs_own_teacher_comes_before_the_one_of_the_class() {
        let child = DutyScope::Child { document: DocumentId::from_bytes([1; 16]) };
        let own = [bind(2, child, Some("孙老师"), "2026-10-01", &[])];
        let li = [bind(1, class(), Some("李老师"), "2026-09-01", &[])];
        assert_eq!(teachers(&li, &own), ["孙老师"]);
        let handed = [li[0].clone(), hand_over(3, "孙老师", "钱老师", "2026-11-01", &[])];
        assert_eq!(teachers(&handed, &own), ["钱老师"], "what lies in the dossier is handed over, too");
    }

    #[test]
    fn a_teacher_who_leaves_is_handed_over_by_one_entry_and_taken_back_by_another() {
        let li = bind(1, class(), Some("李老师"), "2026-09-01", &[]);
        let left = hand_over(2, "李老师", "王老师", "2026-11-01", &[1]);
        assert_eq!(teachers(&[li.clone(), left.clone()], &[]), ["王老师"]);
        assert_eq!(teachers(&[li.clone(), left.clone(), undo(3, 2)], &[]), ["李老师"]);
        // Somebody else bound the one who left, without knowing of it.
        let late = bind(4, class(), Some("李老师"), "2026-11-05", &[1]);
        assert_eq!(teachers(&[li.clone(), left.clone(), late], &[]), ["王老师"], "nobody answers to who has gone");
        let back = bind(5, class(), Some("李老师"), "2027-02-22", &[1, 2]);
        assert_eq!(teachers(&[li, left, back], &[]), ["李老师"], "who knew of it means it");
    }

    #[test]
    fn two_hand_overs_that_did_not_know_of_each_other_leave_two_people_until_somebody_decides() {
        let li = bind(1, class(), Some("李老师"), "2026-09-01", &[]);
        let one = hand_over(2, "李老师", "王老师", "2026-11-01", &[1]);
        let other = hand_over(3, "李老师", "周老师", "2026-11-02", &[1]);
        assert_eq!(teachers(&[li.clone(), one.clone(), other.clone()], &[]), ["周老师", "王老师"]);
        assert_eq!(teachers(&[li.clone(), one.clone(), other, undo(4, 2)], &[]), ["周老师"]);
        // To and fro: a hand-over back that knew of the first ends where it says, and in no circle.
        let back = hand_over(5, "王老师", "李老师", "2026-12-01", &[1, 2]);
        assert_eq!(teachers(&[li, one, back], &[]), ["李老师"]);
    }
}
