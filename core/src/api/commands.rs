//! The one list of what the user interface may ask. A command without a handler does not compile; the
//! TypeScript table is made from this list; the hosts know one entry, [`dispatch`].

use super::apart::{DecideApart, PutAwayReturned};
use super::axes::RecordStatus;
use super::casework::{BeginPages, RecordCase};
use super::children::{ChildRegistered, ChildrenPage, ListChildren};
use super::completeness::Completeness;
use super::county_settings::{
    CountyEditPreview, CountySettings, EditCounty, OneRuleSet, ReadRuleSet, RuleSetRead, SettleCounty,
};
use super::danger::{DangerReports, DangerView, RecordDangerStep, ReportDanger};
use super::delivery::DeliveryOverview;
use super::dossier::{AddGuardian, ChangeField, ChangeFlags, DossierView, MoveChild, OpenDossier, SettleConflict};
use super::duty::{
    BindDuty, DutyCandidates, DutyRows, DutyView, HandOver, HandoverPreviewView, ListDuties, ListDutyChildren,
    UndoHandover,
};
use super::evidence::{EvidenceGaps, ListEvidenceGaps, RecordEvidence};
use super::half_written::{HalfWrittenForms, KeepHalfWritten, KeptForm, OneHalfWritten};
use super::household::{ChecksSaved, HouseholdView, RecordChecks, ShowHousehold, WithdrawChecks};
use super::inbox::Inbox;
use super::ledger::{LedgerPage, ShowLedger};
use super::made_file::MadeFile;
use super::office::{ListOfficeChildren, OfficeChildren, OfficeView, ShowOffice};
use super::page::{OnePage, PageCorners, StraightenPage};
use super::photo::{FetchPhoto, PhotoState};
use super::plan::RecordPlan;
use super::reminder::Reminders;
use super::roll::{AbsenceSaved, OneClass, RecordAbsence, RollView, ShowRoll, WithdrawAbsence};
use super::roster::{AcceptRosterRows, OneImport, RosterImported, RosterRows, ShowRosterRows};
use super::round::{RecordVillage, RoundView, RoundVillageView, ShowRoundVillage};
use super::saved::Saved;
use super::state::{
    AppState, ChangePin, CodeLists, EnrolDevice, Nothing, Places, Recover, RecoveryRequestView, Unlock,
};
use super::sync::{Deliveries, ListDeliveries, PacksExported, SyncStatus};
use super::today::TodayView;
use super::transition::{RecordTransition, ShowTransition, TransitionSaved, TransitionView};
use super::transition_balance::{ShowTransitionBalance, TransitionBalanceView};
use super::visit::{BeginVisit, DetachPhoto, DraftView, Drafts, OneDraft, RecordVisit, SaveDraft, VisitRecorded};
use crate::domain::registration::RegisterChild;
use crate::error::{ErrorCode, Failure, Result};

macro_rules! commands {
    ($($(#[$doc:meta])* $method:ident = $name:literal ($request:ty) -> $response:ty;)+) => {
        /// What a backend answers: one method a command.
        pub trait Commands {
            $(
                $(#[$doc])*
                ///
                /// # Errors
                /// With the code that the person is told.
                fn $method(&self, request: $request) -> Result<$response>;
            )+
        }

        /// The names of all commands, as the user interface calls them.
        pub const NAMES: &[&str] = &[$($name,)+];

        /// Runs the command of this name with a JSON request.
        ///
        /// # Errors
        /// [`ErrorCode::RequestUnreadable`] for an unknown name or form, and whatever the command says.
        pub fn dispatch(
            backend: &impl Commands,
            name: &str,
            request: serde_json::Value,
        ) -> Result<serde_json::Value> {
            match name {
                $(
                    $name => {
                        let request: $request = serde_json::from_value(request).map_err(unreadable)?;
                        serde_json::to_value(backend.$method(request)?).map_err(|cause| {
                            Failure::caused(ErrorCode::Internal, "the answer cannot be written", cause)
                        })
                    }
                )+
                _ => Err(Failure::new(ErrorCode::RequestUnreadable, "no such command")),
            }
        }

        /// The table of commands for TypeScript.
        #[must_use]
        pub fn typescript() -> String {
            use ts_rs::{Config, TS};
            let config = Config::default();
            let mut types = std::collections::BTreeSet::new();
            let mut lines = String::new();
            $(
                let (request, response) = (<$request>::name(&config), <$response>::name(&config));
                lines.push_str(&format!("  {}: {{ request: {request}; response: {response} }};\n", $name));
                types.insert(request);
                types.insert(response);
            )+
            let mut text = String::from("// Generated from core/src/api/commands.rs by `./dev gen`. Do not edit.\n");
            for name in &types {
                text.push_str(&format!("import type {{ {name} }} from \"./{name}\";\n"));
            }
            text.push_str("\nexport interface Commands {\n");
            text.push_str(&lines);
            text.push_str("}\n\nexport type CommandName = keyof Commands;\n");
            text
        }
    };
}

fn unreadable(cause: serde_json::Error) -> Failure {
    // The cause may quote what was typed: only where it lies goes to the log.
    Failure::new(
        ErrorCode::RequestUnreadable,
        format!("the request cannot be read at line {} column {}", cause.line(), cause.column()),
    )
}

commands! {
    /// Where the app stands. Works in every stage.
    app_state = "appState" (Nothing) -> AppState;
    /// Exchanges an enrolment code for a certificate and makes the store.
    enrol_device = "enrolDevice" (EnrolDevice) -> AppState;
    /// Opens the store.
    unlock = "unlock" (Unlock) -> AppState;
    /// Tells that somebody touches the screen. Who comes back after a while finds it covered.
    touched = "touched" (Nothing) -> AppState;
    /// Forgets the key.
    lock = "lock" (Nothing) -> AppState;
    /// Changes the PIN.
    change_pin = "changePin" (ChangePin) -> AppState;
    /// A PIN was forgotten: what to show to the office.
    recovery_request = "recoveryRequest" (Nothing) -> RecoveryRequestView;
    /// A PIN was forgotten: the office's answer.
    recover = "recover" (Recover) -> AppState;
    /// The code lists.
    code_lists = "codeLists" (Nothing) -> CodeLists;
    /// Places, schools and classes.
    places = "places" (Nothing) -> Places;
    /// What is due.
    today = "today" (Nothing) -> TodayView;
    /// What the system is to remind of on the mornings to come.
    reminders = "reminders" (Nothing) -> Reminders;
    /// A page of children.
    list_children = "listChildren" (ListChildren) -> ChildrenPage;
    /// Registers a child that no roster had.
    register_child = "registerChild" (RegisterChild) -> ChildRegistered;
    /// Opens a dossier.
    open_dossier = "openDossier" (OpenDossier) -> DossierView;
    /// Changes a field.
    change_field = "changeField" (ChangeField) -> Saved;
    /// Raises and lowers flags.
    change_flags = "changeFlags" (ChangeFlags) -> Saved;
    /// Chooses among the values of a field.
    settle_conflict = "settleConflict" (SettleConflict) -> Saved;
    /// Records a schooling status.
    record_status = "recordStatus" (RecordStatus) -> Saved;
    /// Moves a child to another village or class.
    move_child = "moveChild" (MoveChild) -> Saved;
    /// Adds a guardian.
    add_guardian = "addGuardian" (AddGuardian) -> Saved;
    /// The roll of a class on a day.
    show_roll = "showRoll" (ShowRoll) -> RollView;
    /// Records an absence, a leave, or that a child is back.
    record_absence = "recordAbsence" (RecordAbsence) -> AbsenceSaved;
    /// Withdraws a wrong entry of the roll by another one.
    withdraw_absence = "withdrawAbsence" (WithdrawAbsence) -> AbsenceSaved;
    /// Records a step of a case, or a decision over it.
    record_case = "recordCase" (RecordCase) -> Saved;
    /// Begins to collect photographed pages for a record of a case.
    begin_pages = "beginPages" (BeginPages) -> DraftView;
    /// Somebody has seen what syncs changed of a child's case.
    look_at_case_changes = "lookAtCaseChanges" (OpenDossier) -> Saved;
    /// Records an entry of a plan, of home teaching, of strengths or results.
    record_plan = "recordPlan" (RecordPlan) -> Saved;
    /// The children of a class, or of a row of the balance, on their way into the next school.
    show_transition = "showTransition" (ShowTransition) -> TransitionView;
    /// Whether the way into the next school comes out: by class and school.
    show_transition_balance = "showTransitionBalance" (ShowTransitionBalance) -> TransitionBalanceView;
    /// Says of a class that all who are not missing in today's roll have come back after the holidays.
    confirm_class_back = "confirmClassBack" (OneClass) -> Saved;
    /// Records one thing of one child on its way, or of many alike.
    record_transition = "recordTransition" (RecordTransition) -> TransitionSaved;
    /// Reports a danger to a child: to the principal and the county, and to nobody else.
    report_danger = "reportDanger" (ReportDanger) -> Saved;
    /// What this person may know of dangers to a child.
    danger_of = "dangerOf" (OpenDossier) -> DangerView;
    /// Reports that this person may see.
    list_dangers = "listDangers" (Nothing) -> DangerReports;
    /// Records what was done about a report.
    record_danger_step = "recordDangerStep" (RecordDangerStep) -> Saved;
    /// Puts a proof on file, or withdraws one.
    record_evidence = "recordEvidence" (RecordEvidence) -> Saved;
    /// Children without valid evidence, by village and class.
    list_evidence_gaps = "listEvidenceGaps" (ListEvidenceGaps) -> EvidenceGaps;
    /// The cover sheet of a child's evidence file as a spreadsheet.
    export_evidence_cover = "exportEvidenceCover" (OpenDossier) -> MadeFile;
    /// Where the corners of a photographed page probably are.
    page_corners = "pageCorners" (OnePage) -> PageCorners;
    /// Makes a straight page of a photo, in its place.
    straighten_page = "straightenPage" (StraightenPage) -> DraftView;
    /// How far the door-to-door check is, by village.
    show_round = "showRound" (Nothing) -> RoundView;
    /// The households of a village.
    show_round_village = "showRoundVillage" (ShowRoundVillage) -> RoundVillageView;
    /// The household of a child.
    show_household = "showHousehold" (ShowHousehold) -> HouseholdView;
    /// Records how the children of a household were found.
    record_checks = "recordChecks" (RecordChecks) -> ChecksSaved;
    /// Takes checks back by other entries.
    withdraw_checks = "withdrawChecks" (WithdrawChecks) -> Saved;
    /// Records how far a village is, or that an item of the county's working method is done there, or not.
    record_village = "recordVillage" (RecordVillage) -> Saved;
    /// The table by village as a spreadsheet.
    export_round = "exportRound" (Nothing) -> MadeFile;
    /// Begins a visit: a draft that is filled in with what the app knows.
    begin_visit = "beginVisit" (BeginVisit) -> DraftView;
    /// Saves a draft.
    save_draft = "saveDraft" (SaveDraft) -> Saved;
    /// Opens a draft.
    open_draft = "openDraft" (OneDraft) -> DraftView;
    /// Drafts that wait to be finished.
    list_drafts = "listDrafts" (Nothing) -> Drafts;
    /// Throws a draft away.
    discard_draft = "discardDraft" (OneDraft) -> Saved;
    /// Keeps a form other than a visit as it stands.
    keep_half_written = "keepHalfWritten" (KeepHalfWritten) -> Saved;
    /// Lets a form go that was sent, or is not wanted.
    let_go_half_written = "letGoHalfWritten" (OneHalfWritten) -> Saved;
    /// What is kept of a form.
    half_written = "halfWritten" (OneHalfWritten) -> KeptForm;
    /// Forms that are kept.
    list_half_written = "listHalfWritten" (Nothing) -> HalfWrittenForms;
    /// Takes a photo off a draft.
    detach_photo = "detachPhoto" (DetachPhoto) -> DraftView;
    /// Records a visit.
    record_visit = "recordVisit" (RecordVisit) -> VisitRecorded;
    /// Asks for a photo that somebody else took: the next sync fetches it, and one begins now.
    fetch_photo = "fetchPhoto" (FetchPhoto) -> PhotoState;
    /// The strip that is always there.
    sync_status = "syncStatus" (Nothing) -> SyncStatus;
    /// Begins a sync; returns at once.
    sync_now = "syncNow" (Nothing) -> SyncStatus;
    /// Begins to look whether everything is here and on the server, and mends what is not; returns at once.
    check_completeness = "checkCompleteness" (Nothing) -> Completeness;
    /// How far that is, or what it came to.
    completeness = "completeness" (Nothing) -> Completeness;
    /// Where each record and photo of this device is.
    list_deliveries = "listDeliveries" (ListDeliveries) -> Deliveries;
    /// The first copy of all children of a desk as a file, sealed under a code.
    export_packs = "exportPacks" (Nothing) -> PacksExported;
    /// How much of what was recorded here is where, in all and by dossier.
    delivery_overview = "deliveryOverview" (Nothing) -> DeliveryOverview;
    /// What needs a decision.
    inbox = "inbox" (Nothing) -> Inbox;
    /// Decides over what others wrote and waits apart.
    decide_apart = "decideApart" (DecideApart) -> Saved;
    /// Puts a form away that was refused and came back.
    put_away_returned = "putAwayReturned" (PutAwayReturned) -> Saved;
    /// The ledger.
    show_ledger = "showLedger" (ShowLedger) -> LedgerPage;
    /// The ledger as a spreadsheet: exactly what is seen, all pages.
    export_ledger = "exportLedger" (ShowLedger) -> MadeFile;
    /// The county's settings.
    county_settings = "countySettings" (Nothing) -> CountySettings;
    /// What an edit of the county's settings would change, before it is saved.
    preview_county_edit = "previewCountyEdit" (EditCounty) -> CountyEditPreview;
    /// Saves an edit of the county's settings.
    save_county_edit = "saveCountyEdit" (EditCounty) -> Saved;
    /// Chooses among what several wrote of one setting.
    settle_county = "settleCounty" (SettleCounty) -> Saved;
    /// A rule set as a file.
    export_rule_set = "exportRuleSet" (OneRuleSet) -> MadeFile;
    /// Reads a rule set from a file's text, to be edited and saved.
    read_rule_set = "readRuleSet" (ReadRuleSet) -> RuleSetRead;
    /// The duty grid in one look.
    duty_grid = "dutyGrid" (Nothing) -> DutyView;
    /// What is bound at a level of the duty grid.
    list_duties = "listDuties" (ListDuties) -> DutyRows;
    /// People to choose from for the duty grid.
    duty_candidates = "dutyCandidates" (Nothing) -> DutyCandidates;
    /// Binds somebody, or nobody any more, to several things.
    bind_duty = "bindDuty" (BindDuty) -> Saved;
    /// Children without anybody on a line, or of one person.
    list_duty_children = "listDutyChildren" (ListDutyChildren) -> ChildrenPage;
    /// What a hand-over would pass on.
    preview_handover = "previewHandover" (HandOver) -> HandoverPreviewView;
    /// Hands over all that one person answers for within a scope.
    hand_over = "handOver" (HandOver) -> Saved;
    /// Takes a hand-over back.
    undo_handover = "undoHandover" (UndoHandover) -> Saved;
    /// An office's level with its counts.
    show_office = "showOffice" (ShowOffice) -> OfficeView;
    /// The children behind a count; for a reason that is recorded, where names need one.
    list_office_children = "listOfficeChildren" (ListOfficeChildren) -> OfficeChildren;
    /// Rows of an import.
    show_roster_rows = "showRosterRows" (ShowRosterRows) -> RosterRows;
    /// Decides on doubtful rows.
    accept_roster_rows = "acceptRosterRows" (AcceptRosterRows) -> RosterRows;
    /// Writes an import.
    confirm_roster = "confirmRoster" (OneImport) -> RosterImported;
    /// The refused rows as a spreadsheet, each with its reason.
    refused_roster_rows = "refusedRosterRows" (OneImport) -> MadeFile;
    /// Throws an import away.
    discard_roster = "discardRoster" (OneImport) -> Nothing;
}

#[cfg(test)]
mod tests {
    #[test]
    fn export_bindings_of_the_command_table() {
        let folder = std::env::var_os("TS_RS_EXPORT_DIR").unwrap();
        crate::files::write_atomically(
            &std::path::Path::new(&folder).join("commands.ts"),
            super::typescript().as_bytes(),
        )
        .unwrap();
    }
}
