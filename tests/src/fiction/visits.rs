//! Visits to fictional children: finished forms with plausible texts.

use jiafang_core::domain::code_list::{
    AbsenceReason, ChildFlag, ChildPosition, InformedTopic, ParentPosition, SchoolingStatus, VisitMode, VisitPurpose,
};
use jiafang_core::domain::dossier::{is_closed, is_out_of_school};
use jiafang_core::domain::time::{Day, Timestamp};
use jiafang_core::domain::visit::{Companion, ReceivedBy, VisitForm};
use serde::Serialize;

use super::child::FictionalChild;
use super::draw::{Draw, Subject};
use super::{Fiction, visit_texts};

/// 00:00 in China of [`super::TODAY`].
const TODAY_STARTS: Timestamp = Timestamp::from_unix_ms(1_795_363_200_000);

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// A visit that never was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FictionalVisit {
    /// The child that was visited, as an index into the children that were given.
    pub child: usize,
    /// The form, finished and valid; without signatures, whose strokes would drown the text in a measurement.
    pub form: VisitForm,
}

impl FictionalVisit {
    /// What was found, in about 120 characters: the form's `household_situation`.
    #[must_use]
    pub fn situation(&self) -> &str {
        &self.form.household_situation
    }
}

impl Fiction {
    /// One visit to each child within the sixty days before [`super::TODAY`], in the order of the children.
    /// Children whose case is closed (who died, moved away) are not visited.
    #[must_use]
    pub fn visits(&self, children: &[FictionalChild]) -> Vec<FictionalVisit> {
        let mut draw = Draw::new(self.seed(), Subject::Visits);
        children
            .iter()
            .enumerate()
            .filter(|(_, child)| !is_closed(child.status))
            .map(|(index, child)| FictionalVisit { child: index, form: form(&mut draw, child) })
            .collect()
    }
}

fn form(draw: &mut Draw, child: &FictionalChild) -> VisitForm {
    let is_away = is_out_of_school(child.status);
    let purpose = purpose(draw, child);
    let mode = match draw.below(100) {
        0..82 => VisitMode::AtHome,
        82..94 => VisitMode::Phone,
        94..98 => VisitMode::Video,
        _ => VisitMode::AtWork,
    };
    let started_at = TODAY_STARTS.plus_ms(
        i64_of(draw.between(1, 60))
            .saturating_mul(-DAY_MS)
            .saturating_add(i64_of(draw.between(8 * 60, 19 * 60)).saturating_mul(MINUTE_MS)),
    );
    let minutes = if mode == VisitMode::AtHome { draw.between(20, 75) } else { draw.between(5, 20) };
    let started_on = started_at.day();
    let mut form = VisitForm {
        started_at: Some(started_at),
        ended_at: Some(started_at.plus_ms(i64_of(minutes).saturating_mul(MINUTE_MS))),
        mode: Some(mode),
        purpose: Some(purpose),
        place: if mode == VisitMode::AtHome { child.address.clone() } else { String::new() },
        received_by: receiver(child, mode),
        child_seen: Some(mode == VisitMode::AtHome && (!is_away || draw.percent(50))),
        household_situation: visit_texts::situation(draw, is_away),
        informed_topics: topics(draw, purpose),
        next_visit_on: draw.percent(70).then(|| later(draw, started_on, 14, 60)),
        ..VisitForm::default()
    };
    if draw.percent(40) {
        form.companions
            .push(Companion { name: String::new(), duty: draw.text(&["班主任", "村干部", "副校长"]).into() });
    }
    if purpose == VisitPurpose::Persuasion {
        persuade(draw, &mut form, started_on);
    }
    form
}

/// Why one goes there: what the child's status asks for, else mostly out of habit.
fn purpose(draw: &mut Draw, child: &FictionalChild) -> VisitPurpose {
    let is_helped = [ChildFlag::Lifted, ChildFlag::Monitored, ChildFlag::SubsistenceAllowance]
        .iter()
        .any(|flag| child.flags.contains(flag));
    match child.status {
        status if is_out_of_school(status) => VisitPurpose::Persuasion,
        SchoolingStatus::HomeTeaching => VisitPurpose::HomeTeaching,
        SchoolingStatus::Returned => VisitPurpose::FollowUp,
        SchoolingStatus::EnrolledHere if is_helped && draw.percent(50) => VisitPurpose::AidNotice,
        SchoolingStatus::EnrolledHere => VisitPurpose::Routine,
        _ => VisitPurpose::Verification,
    }
}

/// At home whoever is there; else the first who has a telephone.
fn receiver(child: &FictionalChild, mode: VisitMode) -> ReceivedBy {
    let guardian = match mode {
        VisitMode::AtHome => child.guardians.iter().find(|guardian| !guardian.away),
        VisitMode::AtWork => child.guardians.iter().find(|guardian| guardian.away),
        VisitMode::Phone | VisitMode::Video => child.guardians.iter().find(|guardian| guardian.phone.is_some()),
    };
    guardian.or(child.guardians.first()).map_or_else(ReceivedBy::default, |guardian| ReceivedBy {
        relation: Some(guardian.relation),
        name: guardian.name.clone(),
    })
}

fn topics(draw: &mut Draw, purpose: VisitPurpose) -> Vec<InformedTopic> {
    let first = match purpose {
        VisitPurpose::Persuasion => InformedTopic::EducationLaw,
        VisitPurpose::AidNotice => InformedTopic::AidPolicy,
        _ => InformedTopic::Safety,
    };
    let second = draw.pick(InformedTopic::ALL).copied().filter(|topic| *topic != first);
    std::iter::once(first).chain(second).collect()
}

/// What a persuasion must tell besides (handbook 5.1).
fn persuade(draw: &mut Draw, form: &mut VisitForm, started_on: Day) {
    const SAID: &[AbsenceReason] = &[
        AbsenceReason::SchoolAversion,
        AbsenceReason::LearningDifficulty,
        AbsenceReason::Seasonal,
        AbsenceReason::CareBurden,
        AbsenceReason::Illness,
        AbsenceReason::MigrantWork,
    ];
    form.reasons_parent.extend(draw.pick(SAID));
    form.reasons_teacher.extend(draw.pick(SAID));
    form.reasons_teacher.extend(draw.percent(30).then_some(AbsenceReason::Internet));
    form.child_position = if form.child_seen == Some(true) {
        draw.pick(&[ChildPosition::WantsToReturn, ChildPosition::Hesitates, ChildPosition::Refuses]).copied()
    } else {
        Some(ChildPosition::NotAsked)
    };
    form.parent_position = draw.pick(ParentPosition::ALL).copied();
    if form.parent_position == Some(ParentPosition::AgreesDate) {
        form.promised_return_on = Some(later(draw, started_on, 1, 7));
        form.parent_words = "答应按约定的日期送孩子返校".to_owned();
    }
    form.actions = draw.text(&["三天后再次上门", "报学校成立劝返小组", "联系村委会一同劝返", "安排补课"]).to_owned();
}

fn later(draw: &mut Draw, day: Day, first: usize, last: usize) -> Day {
    day.plus_days(i32::try_from(draw.between(first, last)).unwrap_or(7))
}

fn i64_of(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::Size;
    use super::*;

    #[test]
    fn every_visit_is_a_form_that_a_teacher_could_save() {
        let fiction = Fiction::new(31);
        let county = fiction.county(Size::Township);
        let children = fiction.children(&county, 600);
        let visits = fiction.visits(&children);
        assert_eq!(visits.len(), 599, "all but the deceased sibling: {fiction}");
        for visit in &visits {
            visit.form.validate(TODAY_STARTS).unwrap_or_else(|failure| panic!("{fiction}, {}: {failure}", visit.child));
            assert!(visit_texts::SITUATION_CHARS.contains(&visit.situation().chars().count()), "{fiction}");
        }
        for purpose in [VisitPurpose::Routine, VisitPurpose::Persuasion, VisitPurpose::HomeTeaching] {
            assert!(visits.iter().any(|visit| visit.form.purpose == Some(purpose)), "{fiction}: {purpose:?}");
        }
    }

    #[test]
    fn a_text_names_no_child() {
        let fiction = Fiction::new(32);
        let county = fiction.county(Size::Township);
        let children = fiction.children(&county, 300);
        for visit in fiction.visits(&children) {
            assert!(!visit.situation().contains(&children[visit.child].name), "{fiction}");
        }
    }

    #[test]
    fn the_same_seed_makes_the_same_visits() {
        let tell = |seed| {
            let fiction = Fiction::new(seed);
            serde_json::to_vec(&fiction.visits(&fiction.children(&fiction.county(Size::Township), 100))).unwrap()
        };
        assert_eq!(tell(33), tell(33));
        assert_ne!(tell(33), tell(34));
    }
}
