//! Who answers each command: a line for each, the work is done in the files that are named after the nouns.

use super::backend::Backend;
use super::commands::Commands;
use super::completeness::Completeness;
use super::held::held;
use super::made_file::MadeFile;
use super::running_sync::{Told, connected};
use super::saved::Saved;
use super::state::AppState;
use super::sync::SyncStatus;
use super::{
    apart, axes, casework, children, county_settings, danger, delivery, dossier, duty, duty_pages, evidence,
    half_written, household, inbox, ledger, office, page, photo, plan, reminder, roll, roster, round, state, sync,
    today, transition, transition_balance, visit,
};
use crate::app::apart as decisions;
use crate::app::county_settings as edits;
use crate::app::device::Device;
use crate::app::duty as duties;
use crate::app::half_written as kept_forms;
use crate::app::{carry_photos, change_child, drafts, enrol, move_child, pack_file, record_visit, register_child};
use crate::domain::place::Leaves;
use crate::domain::registration::RegisterChild;
use crate::error::Result;
use crate::protocol::apart::Verdict;

impl Commands for Backend {
    fn app_state(&self, _: state::Nothing) -> Result<AppState> {
        self.state()
    }

    fn enrol_device(&self, request: state::EnrolDevice) -> Result<AppState> {
        let device = enrol::enrol(
            &self.folder,
            &self.keys,
            &request.code,
            &request.pin,
            self.connector.as_ref(),
            &self.environment,
            self.durability,
        )?;
        let state = self.open(device)?;
        self.begin_sync();
        Ok(state)
    }

    fn unlock(&self, request: state::Unlock) -> Result<AppState> {
        let key = self.keys.unlock(&request.pin, &self.environment)?;
        if held(&self.device).is_some() {
            held(&self.screen).pin_typed(&self.environment);
            self.host.changed();
            return self.state();
        }
        let device = Device::open(&self.folder, &key, &self.environment, self.durability)?;
        let state = self.open(device)?;
        self.begin_sync();
        Ok(state)
    }

    fn touched(&self, _: state::Nothing) -> Result<AppState> {
        self.is_touched();
        self.state()
    }

    fn lock(&self, _: state::Nothing) -> Result<AppState> {
        *held(&self.device) = None;
        held(&self.screen).locked();
        *held(&self.syncing.told) = Told::default();
        held(&self.syncing.pace).locked();
        self.is_needed_no_more();
        if let Ok(mut link) = self.syncing.link.try_lock() {
            *link = None;
        }
        self.rosters.clear();
        self.files.clear();
        self.host.changed();
        self.state()
    }

    fn change_pin(&self, request: state::ChangePin) -> Result<AppState> {
        self.keys.change_pin(&request.old_pin, &request.new_pin, &self.environment)?;
        self.state()
    }

    fn recovery_request(&self, _: state::Nothing) -> Result<state::RecoveryRequestView> {
        let request = self.keys.recovery_request(&self.environment)?;
        Ok(state::RecoveryRequestView { text: request.to_text(), spoken_code: request.spoken_code() })
    }

    fn recover(&self, request: state::Recover) -> Result<AppState> {
        let key = self.keys.recover(&request.answer, &request.new_pin, &self.environment)?;
        let device = Device::open(&self.folder, &key, &self.environment, self.durability)?;
        self.open(device)
    }

    fn code_lists(&self, _: state::Nothing) -> Result<state::CodeLists> {
        let county = held(&self.device).as_ref().map(Device::county);
        Ok(state::code_lists(county.as_deref()))
    }

    fn places(&self, _: state::Nothing) -> Result<state::Places> {
        self.with_device(|device| Ok(state::places(device)))
    }

    fn today(&self, _: state::Nothing) -> Result<today::TodayView> {
        self.with_names(|device| today::view(device))
    }

    fn reminders(&self, _: state::Nothing) -> Result<reminder::Reminders> {
        self.with_names(|device| reminder::plan(device))
    }

    fn list_children(&self, request: children::ListChildren) -> Result<children::ChildrenPage> {
        self.with_names(|device| children::page(device, &request))
    }

    fn register_child(&self, request: RegisterChild) -> Result<children::ChildRegistered> {
        self.changing(|device| {
            Ok(match register_child::register_child(device, &request)? {
                register_child::Registered::Saved(document_id) => children::ChildRegistered::Saved { document_id },
                register_child::Registered::Alike(alike) => {
                    children::ChildRegistered::Alike { rows: children::rows(device, &alike) }
                }
            })
        })
    }

    fn open_dossier(&self, request: dossier::OpenDossier) -> Result<dossier::DossierView> {
        self.with_device(|device| {
            office::dossier(device, request.document_id)?;
            dossier::view(device, request.document_id)
        })
    }

    fn change_field(&self, request: dossier::ChangeField) -> Result<Saved> {
        self.changing(|device| {
            change_child::change_field(device, request.document_id, &request.field, &request.value).map(Saved::at)
        })
    }

    fn change_flags(&self, request: dossier::ChangeFlags) -> Result<Saved> {
        self.changing(|device| {
            change_child::change_flags(device, request.document_id, &request.raised, &request.lowered).map(Saved::at)
        })
    }

    fn settle_conflict(&self, request: dossier::SettleConflict) -> Result<Saved> {
        self.changing(|device| {
            change_child::settle_conflict(device, request.document_id, &request.field, &request.choice).map(Saved::at)
        })
    }

    fn record_status(&self, request: axes::RecordStatus) -> Result<Saved> {
        self.changing(|device| axes::record(device, request))
    }

    fn add_guardian(&self, request: dossier::AddGuardian) -> Result<Saved> {
        self.changing(|device| {
            change_child::add_guardian(device, request.document_id, &request.name, request.relation, &request.phone)
                .map(Saved::at)
        })
    }

    fn move_child(&self, request: dossier::MoveChild) -> Result<Saved> {
        self.changing(|device| {
            let to = Leaves { village: Some(request.village), class: request.class };
            move_child::move_child(device, request.document_id, to, &request.note).map(Saved::at)
        })
    }

    fn show_roll(&self, request: roll::ShowRoll) -> Result<roll::RollView> {
        self.with_names(|device| roll::view(device, &request))
    }

    fn record_absence(&self, request: roll::RecordAbsence) -> Result<roll::AbsenceSaved> {
        self.changing(|device| roll::record(device, &request))
    }

    fn withdraw_absence(&self, request: roll::WithdrawAbsence) -> Result<roll::AbsenceSaved> {
        self.changing(|device| roll::withdraw(device, &request))
    }

    fn record_case(&self, request: casework::RecordCase) -> Result<Saved> {
        self.changing(|device| casework::record(device, &request))
    }

    fn begin_pages(&self, request: casework::BeginPages) -> Result<visit::DraftView> {
        self.with_device(|device| casework::begin_pages(device, &request))
    }

    fn look_at_case_changes(&self, request: dossier::OpenDossier) -> Result<Saved> {
        self.changing(|device| casework::look_at_changes(device, request.document_id))
    }

    fn record_plan(&self, request: plan::RecordPlan) -> Result<Saved> {
        self.changing(|device| plan::record(device, &request))
    }

    fn show_transition(&self, request: transition::ShowTransition) -> Result<transition::TransitionView> {
        self.with_names(|device| transition::view(device, &request))
    }

    fn show_transition_balance(
        &self,
        request: transition_balance::ShowTransitionBalance,
    ) -> Result<transition_balance::TransitionBalanceView> {
        self.with_device(|device| transition_balance::view(device, &request))
    }

    fn confirm_class_back(&self, request: roll::OneClass) -> Result<Saved> {
        self.changing(|device| roll::confirm_back(device, &request))
    }

    fn record_transition(&self, request: transition::RecordTransition) -> Result<transition::TransitionSaved> {
        self.changing(|device| transition::record(device, &request))
    }

    fn report_danger(&self, request: danger::ReportDanger) -> Result<Saved> {
        self.changing(|device| danger::report(device, &request))
    }

    fn danger_of(&self, request: dossier::OpenDossier) -> Result<danger::DangerView> {
        self.with_device(|device| danger::of_child(device, request.document_id))
    }

    fn list_dangers(&self, _: state::Nothing) -> Result<danger::DangerReports> {
        self.with_device(|device| danger::all(device))
    }

    fn record_danger_step(&self, request: danger::RecordDangerStep) -> Result<Saved> {
        self.changing(|device| danger::step(device, &request))
    }

    fn record_evidence(&self, request: evidence::RecordEvidence) -> Result<Saved> {
        self.changing(|device| evidence::record(device, &request))
    }

    fn list_evidence_gaps(&self, request: evidence::ListEvidenceGaps) -> Result<evidence::EvidenceGaps> {
        self.with_names(|device| evidence::gaps(device, &request))
    }

    fn export_evidence_cover(&self, request: dossier::OpenDossier) -> Result<MadeFile> {
        let (bytes, row_count) = self.with_names(|device| evidence::cover_sheet(device, request.document_id))?;
        let name = format!("封面目录-{}.xlsx", self.environment.now().day());
        Ok(self.files.keep(&self.environment, &name, bytes, row_count))
    }

    fn show_round(&self, _: state::Nothing) -> Result<round::RoundView> {
        self.with_device(|device| round::view(device))
    }

    fn show_round_village(&self, request: round::ShowRoundVillage) -> Result<round::RoundVillageView> {
        self.with_names(|device| round::village(device, &request))
    }

    fn show_household(&self, request: household::ShowHousehold) -> Result<household::HouseholdView> {
        self.with_names(|device| household::household(device, &request))
    }

    fn record_checks(&self, request: household::RecordChecks) -> Result<household::ChecksSaved> {
        self.changing(|device| household::record(device, &request))
    }

    fn withdraw_checks(&self, request: household::WithdrawChecks) -> Result<Saved> {
        self.changing(|device| household::withdraw(device, &request))
    }

    fn record_village(&self, request: round::RecordVillage) -> Result<Saved> {
        self.changing(|device| round::record_village(device, &request))
    }

    fn export_round(&self, _: state::Nothing) -> Result<MadeFile> {
        let (bytes, row_count) = self.with_device(|device| round::spreadsheet(device))?;
        let name = format!("摸排进度-{}.xlsx", self.environment.now().day());
        Ok(self.files.keep(&self.environment, &name, bytes, row_count))
    }

    fn page_corners(&self, request: page::OnePage) -> Result<page::PageCorners> {
        page::corners(self, &request)
    }

    fn straighten_page(&self, request: page::StraightenPage) -> Result<visit::DraftView> {
        page::straighten(self, &request)
    }

    fn begin_visit(&self, request: visit::BeginVisit) -> Result<visit::DraftView> {
        self.changing(|device| {
            let draft = drafts::begin_visit(device, &request.document_ids)?;
            visit::draft_view(device, draft.id)
        })
    }

    fn save_draft(&self, request: visit::SaveDraft) -> Result<Saved> {
        // Typing changes no list: nobody is told.
        self.with_device(|device| drafts::save(device, request.draft_id, request.form).map(Saved::at))
    }

    fn open_draft(&self, request: visit::OneDraft) -> Result<visit::DraftView> {
        self.with_device(|device| visit::draft_view(device, request.draft_id))
    }

    fn list_drafts(&self, _: state::Nothing) -> Result<visit::Drafts> {
        self.with_device(|device| visit::drafts(device))
    }

    fn discard_draft(&self, request: visit::OneDraft) -> Result<Saved> {
        self.changing(|device| drafts::discard(device, request.draft_id).map(Saved::at))
    }

    fn keep_half_written(&self, request: half_written::KeepHalfWritten) -> Result<Saved> {
        self.with_device(|device| {
            kept_forms::keep(device, request.form, request.document_id, request.place, request.text).map(Saved::at)
        })
    }

    fn let_go_half_written(&self, request: half_written::OneHalfWritten) -> Result<Saved> {
        self.changing(|device| kept_forms::let_go(device, request.form, request.document_id).map(Saved::at))
    }

    fn half_written(&self, request: half_written::OneHalfWritten) -> Result<half_written::KeptForm> {
        self.with_device(|device| half_written::one(device, &request))
    }

    fn list_half_written(&self, _: state::Nothing) -> Result<half_written::HalfWrittenForms> {
        self.with_device(|device| half_written::all(device))
    }

    fn detach_photo(&self, request: visit::DetachPhoto) -> Result<visit::DraftView> {
        self.changing(|device| {
            crate::app::attach_photo::detach(device, request.draft_id, request.photo_hash)?;
            visit::draft_view(device, request.draft_id)
        })
    }

    fn record_visit(&self, request: visit::RecordVisit) -> Result<visit::VisitRecorded> {
        self.changing(|device| {
            let recorded = record_visit::record_visit(device, request.draft_id, &request.form)?;
            Ok(visit::recorded(&recorded, &request.form))
        })
    }

    fn fetch_photo(&self, request: photo::FetchPhoto) -> Result<photo::PhotoState> {
        let state = self.changing(|device| photo::fetch(device, &request))?;
        if matches!(state, photo::PhotoState::Wanted { .. }) {
            self.ask_for_sync();
        }
        Ok(state)
    }

    fn sync_status(&self, _: state::Nothing) -> Result<SyncStatus> {
        self.sync_status_view()
    }

    fn sync_now(&self, _: state::Nothing) -> Result<SyncStatus> {
        self.with_device(carry_photos::try_damaged_once_more)?;
        self.ask_for_sync();
        self.sync_status_view()
    }

    fn check_completeness(&self, _: state::Nothing) -> Result<Completeness> {
        self.begin_to_compare();
        Ok(self.completeness_view())
    }

    fn completeness(&self, _: state::Nothing) -> Result<Completeness> {
        Ok(self.completeness_view())
    }

    fn list_deliveries(&self, request: sync::ListDeliveries) -> Result<sync::Deliveries> {
        self.with_device(|device| sync::deliveries(device, &request))
    }

    fn delivery_overview(&self, _: state::Nothing) -> Result<delivery::DeliveryOverview> {
        self.with_device(|device| delivery::overview(device))
    }

    fn inbox(&self, _: state::Nothing) -> Result<inbox::Inbox> {
        self.with_names(|device| inbox::view(device))
    }

    fn decide_apart(&self, request: apart::DecideApart) -> Result<Saved> {
        let verdict = if request.accept { Verdict::Accept } else { Verdict::Refuse };
        self.changing(|device| decisions::decide(device, &request.envelopes, verdict, &request.note).map(Saved::at))
    }

    fn put_away_returned(&self, request: apart::PutAwayReturned) -> Result<Saved> {
        self.changing(|device| decisions::put_away(device, request.counter).map(Saved::at))
    }

    fn show_ledger(&self, request: ledger::ShowLedger) -> Result<ledger::LedgerPage> {
        self.with_names(|device| ledger::page(device, &request))
    }

    fn export_ledger(&self, request: ledger::ShowLedger) -> Result<MadeFile> {
        let (bytes, row_count) = self.with_names(|device| ledger::export(device, &request))?;
        let name = format!("{}-{}.xlsx", request.kind.zh(), self.environment.now().day());
        Ok(self.files.keep(&self.environment, &name, bytes, row_count))
    }

    fn export_packs(&self, _: state::Nothing) -> Result<sync::PacksExported> {
        let mut link = held(&self.syncing.link);
        let link = connected(&mut link, &self.device, self.connector.as_ref())?;
        let made = pack_file::export(&self.device, link)?;
        let name = format!("首次下载-{}.jfpacks", self.environment.now().day());
        let file = self.files.keep(&self.environment, &name, made.bytes, made.children);
        Ok(sync::PacksExported { file, code: made.code.to_text(), child_count: made.children })
    }

    fn county_settings(&self, _: state::Nothing) -> Result<county_settings::CountySettings> {
        self.with_device(|device| county_settings::view(device))
    }

    fn preview_county_edit(&self, request: county_settings::EditCounty) -> Result<county_settings::CountyEditPreview> {
        self.with_device(|device| county_settings::preview(device, request.edit))
    }

    fn save_county_edit(&self, request: county_settings::EditCounty) -> Result<Saved> {
        self.changing(|device| edits::save(device, request.edit).map(Saved::at))
    }

    fn settle_county(&self, request: county_settings::SettleCounty) -> Result<Saved> {
        self.changing(|device| edits::settle(device, &request.root, &request.key, &request.json).map(Saved::at))
    }

    fn export_rule_set(&self, request: county_settings::OneRuleSet) -> Result<MadeFile> {
        let (name, bytes) = self.with_device(|device| county_settings::rule_file(device, &request.name))?;
        Ok(self.files.keep(&self.environment, &name, bytes, 1))
    }

    fn read_rule_set(&self, request: county_settings::ReadRuleSet) -> Result<county_settings::RuleSetRead> {
        self.with_device(|device| county_settings::read_rule_file(device, &request.text))
    }

    fn duty_grid(&self, _: state::Nothing) -> Result<duty::DutyView> {
        self.with_device(|device| duty_pages::view(device))
    }

    fn list_duties(&self, request: duty::ListDuties) -> Result<duty::DutyRows> {
        self.with_device(|device| duty_pages::rows(device, &request))
    }

    fn duty_candidates(&self, _: state::Nothing) -> Result<duty::DutyCandidates> {
        self.with_device(|device| duty_pages::candidates(device))
    }

    fn bind_duty(&self, request: duty::BindDuty) -> Result<Saved> {
        let duty::BindDuty { level, scopes, person, from } = request;
        self.changing(|device| duties::bind(device, &level, &scopes, person.as_ref(), from).map(Saved::at))
    }

    fn list_duty_children(&self, request: duty::ListDutyChildren) -> Result<children::ChildrenPage> {
        self.with_names(|device| duty_pages::children(device, &request))
    }

    fn preview_handover(&self, request: duty::HandOver) -> Result<duty::HandoverPreviewView> {
        self.with_device(|device| duty_pages::preview(device, &request))
    }

    fn hand_over(&self, request: duty::HandOver) -> Result<Saved> {
        let duty::HandOver { from, to, within, on, reason } = request;
        self.changing(|device| duties::hand_over(device, &from, &to, &within, on, &reason).map(Saved::at))
    }

    fn undo_handover(&self, request: duty::UndoHandover) -> Result<Saved> {
        self.changing(|device| duties::undo(device, request.entry, &request.reason).map(Saved::at))
    }

    fn show_office(&self, request: office::ShowOffice) -> Result<office::OfficeView> {
        self.with_device(|device| office::view(device, &request))
    }

    fn list_office_children(&self, request: office::ListOfficeChildren) -> Result<office::OfficeChildren> {
        self.changing_if(|device| {
            let listed = office::children(device, &request)?;
            // Where a reason was recorded, it is shown and sent.
            Ok((listed, !device.author.rights.role.sees_names()))
        })
    }

    fn show_roster_rows(&self, request: roster::ShowRosterRows) -> Result<roster::RosterRows> {
        roster::rows(self, &request)
    }

    fn accept_roster_rows(&self, request: roster::AcceptRosterRows) -> Result<roster::RosterRows> {
        roster::accept(self, &request)
    }

    fn confirm_roster(&self, request: roster::OneImport) -> Result<roster::RosterImported> {
        let imported = roster::confirm(self, request.import_id)?;
        self.host.changed();
        self.saved()?;
        Ok(imported)
    }

    fn refused_roster_rows(&self, request: roster::OneImport) -> Result<MadeFile> {
        roster::refused(self, request.import_id)
    }

    fn discard_roster(&self, request: roster::OneImport) -> Result<state::Nothing> {
        self.rosters.discard(request.import_id);
        Ok(state::Nothing {})
    }
}
