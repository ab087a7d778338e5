//! The plan of a child in difficulty, home teaching with its quota, strengths and results: what stands, and what is due.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::saved::Saved;
use super::timeline::Seen;
use crate::app::device::Device;
use crate::app::record_plan::record_plan;
use crate::domain::dossier::Dossier;
use crate::domain::home_teaching::{self, HomeTeachingQuota};
use crate::domain::identifier::{DocumentId, DraftId, EntryId};
use crate::domain::plan::{ChildPlan, PlanEntry, PlanForm};
use crate::domain::time::{Day, Timestamp};
use crate::error::Result;

/// Records an entry.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RecordPlan {
    /// The dossier.
    pub document_id: DocumentId,
    /// What is recorded.
    pub form: PlanForm,
    /// The plan that it reviews, or replaces.
    #[serde(default)]
    pub of: Option<EntryId>,
    /// The draft of its photographed pages.
    #[serde(default)]
    pub pages: Option<DraftId>,
}

/// What is planned for a child and how it goes, today.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct PlanView {
    /// Plans that stand.
    pub plans: Vec<OnePlanView>,
    /// Home teaching; none for a child who is not and never was taught at home.
    pub home: Option<HomeTeachingView>,
    /// Strengths, interests and clubs: one as a rule, more when people wrote them apart.
    pub strengths: Vec<PlanEntryView>,
    /// Results, newest first.
    pub results: Vec<PlanEntryView>,
}

/// A plan with its reviews.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct OnePlanView {
    /// The plan.
    pub plan: PlanEntryView,
    /// Its reviews, newest first.
    pub reviews: Vec<PlanEntryView>,
    /// When it is to be looked at again.
    pub review_due: Option<Day>,
    /// That day is past.
    pub overdue: bool,
}

/// Home teaching.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct HomeTeachingView {
    /// The child is taught at home now.
    pub current: bool,
    /// The plan: more than one when people wrote them apart.
    pub plans: Vec<PlanEntryView>,
    /// Sessions, newest first.
    pub sessions: Vec<PlanEntryView>,
    /// Periods in this half of the school year.
    #[ts(type = "number")]
    pub periods: u16,
    /// The quota that holds today.
    pub quota: Option<HomeTeachingQuota>,
    /// When the next session is due.
    pub session_due: Option<Day>,
    /// That day is past.
    pub overdue: bool,
}

/// An entry with who wrote it.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct PlanEntryView {
    /// Its key.
    pub entry_id: EntryId,
    /// What it says.
    pub form: PlanForm,
    /// Who recorded it.
    pub person_name: String,
    /// When.
    pub at: Timestamp,
}

/// Records an entry.
pub(super) fn record(device: &mut Device, request: &RecordPlan) -> Result<Saved> {
    record_plan(device, request.document_id, &request.form, request.of, request.pages).map(Saved::at)
}

/// The plans of a dossier.
pub(super) fn view(device: &Device, seen: &Seen<'_>, dossier: &Dossier) -> Result<PlanView> {
    let today = device.environment.now().day();
    let known = ChildPlan::of(dossier);
    let one = |entry: &PlanEntry| -> Result<PlanEntryView> {
        Ok(PlanEntryView {
            entry_id: entry.entry,
            form: entry.form.clone(),
            person_name: seen.person_name(&entry.actor)?,
            at: entry.at,
        })
    };
    let newest_first = |entries: &[PlanEntry]| entries.iter().rev().map(one).collect::<Result<Vec<_>>>();
    let mut plans = Vec::new();
    for (plan, reviews) in &known.plans {
        let review_due = reviews.last().and_then(|review| review.form.review_on).or(plan.form.review_on);
        plans.push(OnePlanView {
            plan: one(plan)?,
            reviews: newest_first(reviews)?,
            review_due,
            overdue: review_due.is_some_and(|due| due < today),
        });
    }
    let county = device.county();
    let quotas = county.home_teaching_quotas();
    let taught = known.taught_at_home(dossier.status(), dossier.status_since());
    let session_due = taught.as_ref().and_then(|taught| taught.due(&quotas));
    let home = if taught.is_some() || !known.home_plans.is_empty() || !known.sessions.is_empty() {
        Some(HomeTeachingView {
            current: taught.is_some(),
            plans: newest_first(&known.home_plans)?,
            sessions: newest_first(&known.sessions)?,
            periods: home_teaching::periods_in_half_year(&known.periods(), today),
            quota: quotas.in_force(today).cloned(),
            session_due,
            overdue: session_due.is_some_and(|due| due < today),
        })
    } else {
        None
    };
    Ok(PlanView { plans, home, strengths: newest_first(&known.strengths)?, results: newest_first(&known.results)? })
}
