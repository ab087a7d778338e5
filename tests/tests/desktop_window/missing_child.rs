//! A child is missing on Monday in two teachers' records, persuaded on Tuesday, missing again, reported on Friday, noticed,
//! back, settled, closed: each in the windows of those who do it, with the ledger right at each step.

use std::path::Path;

use jiafang_core::domain::identifier::DocumentId;
use jiafang_core::domain::place::Scope;
use jiafang_core::domain::role::Role;
use jiafang_tests::kit::{Person, Township, section};

use crate::field_time::FieldTime;
use crate::notifications::Notifications;
use crate::window::{Window, by, display, window_at};

const NAME: &str = "石小雨";

/// The people of the story, each before a window of their own.
struct Windows {
    li: Window,
    wang: Window,
    principal: Window,
    office: Window,
}

impl Windows {
    fn all(&self) -> [&Window; 4] {
        [&self.li, &self.wang, &self.principal, &self.office]
    }

    async fn all_sync(&self) {
        for window in self.all() {
            window.syncs().await;
        }
    }

    /// It is this hour of this day in China, for the server and all windows, and they have synced.
    async fn are_at(&self, time: &FieldTime, day: &str, hour: i64) {
        time.shows(day, hour);
        for window in self.all() {
            window.waits_for_the_day(day).await;
            window.uncovers().await;
        }
        self.all_sync().await;
    }

    /// Whoever wrote syncs first; then all have it.
    async fn after(&self, writer: &Window) {
        writer.syncs().await;
        self.all_sync().await;
    }
}

impl Window {
    async fn opens_the_child(&self) {
        self.clicks(&by("nav-children")).await;
        self.types(&by("child-search"), "sxy").await;
        self.clicks(&format!("[data-testid='child-row'][data-name='{NAME}']")).await;
        self.waits_for(&by("casework")).await;
    }

    async fn opens_the_roll(&self) {
        self.clicks(&by("nav-today")).await;
        self.clicks(&by("open-roll")).await;
    }

    fn in_the_roll(what: &str) -> String {
        format!("[data-testid='roll-row'][data-name='{NAME}'] [data-testid='{what}']")
    }

    async fn is_away_in_the_roll(&self, away: bool) {
        self.waits_for(&format!("[data-testid='roll-row'][data-name='{NAME}'][data-away='{away}']")).await;
    }

    /// Where the case stands and for how many days the child has been missing, as the dossier says it.
    async fn says_of_the_case(&self, phase: &str, days: Option<&str>) {
        self.opens_the_child().await;
        self.waits_for(&format!("[data-testid='casework'] [data-testid='case-phase'][data-phase='{phase}']")).await;
        if let Some(days) = days {
            self.waits_until(&by("case-days"), days).await;
        }
    }

    async fn step_is(&self, step: &str, standing: &str) {
        self.waits_for(&format!("[data-testid='case-step'][data-step='{step}'][data-standing='{standing}']")).await;
    }

    /// Fills the form that a due step opens, photographs its page, and saves it.
    async fn records(&self, button: &str, fields: &[(&str, &str)], page: Option<&str>) {
        self.opens_the_child().await;
        self.clicks(&by(button)).await;
        self.waits_for(&by("case-form")).await;
        for (field, text) in fields {
            self.types(&by(field), text).await;
        }
        if let Some(page) = page {
            let photo = Path::new(env!("CARGO_MANIFEST_DIR")).join("photos").join(page);
            self.waits_for(&by("case-page-input")).await.send_keys(&photo.to_string_lossy()).await.unwrap();
            self.waits_for(&by("case-page")).await;
        }
        self.clicks(&by("case-save")).await;
        self.waits_until_gone(&by("case-form")).await;
    }

    async fn persuades(&self, position: &str, promised: Option<&str>) {
        self.opens_the_child().await;
        self.clicks(&by("record-visit")).await;
        self.clicks(&by("visit-mode-at_home")).await;
        self.clicks(&by("visit-purpose-persuasion")).await;
        self.clicks(&by("visit-seen-yes")).await;
        self.clicks(&by("visit-reasons-teacher-school_aversion")).await;
        self.clicks(&by(&format!("visit-position-{position}"))).await;
        if let Some(promised) = promised {
            // The day is taken when the field is left.
            self.types(&by("visit-promised"), &format!("{promised}\u{e004}")).await;
        }
        self.clicks(&by("visit-save")).await;
        self.waits_for(&by("visit-saved")).await;
        self.clicks(&by("visit-done")).await;
    }

    /// The row of the child in a ledger; none where it does not stand there.
    async fn ledger_says(&self, kind: &str, says: Option<&str>) {
        self.clicks(&by("nav-ledger")).await;
        self.clicks(&by("ledger-kind")).await;
        self.clicks(&by(&format!("ledger-kind-{kind}"))).await;
        let row = format!("[data-testid='ledger-row'][data-name='{NAME}']");
        match says {
            Some(says) => drop(self.waits_until(&row, says).await),
            None => {
                self.waits_until(&by("ledger-total"), "0").await;
                self.waits_until_gone(&row).await;
            }
        }
    }
}

/// Monday to Wednesday.
async fn watched_and_suspected(
    windows: &Windows,
    time: &FieldTime,
    notifications: &Notifications,
    township: &mut Township,
) {
    let Windows { li, wang, principal, office } = windows;
    principal.clicks(&by("nav-more")).await;
    principal.clicks(&by("reminders")).await;
    principal.waits_for("[data-testid='reminders'][aria-pressed='true']").await;

    section("Monday: both teachers record it, neither knows of the other");
    tokio::task::block_in_place(|| township.server_stops());
    for teacher in [li, wang] {
        teacher.opens_the_roll().await;
        teacher.clicks(&Window::in_the_roll("roll-tap")).await;
        teacher.is_away_in_the_roll(true).await;
    }
    tokio::task::block_in_place(|| township.server_starts());
    windows.after(li).await;
    windows.after(wang).await;
    for window in windows.all() {
        window.says_of_the_case("watch", Some("1 天")).await;
    }
    li.step_is("persuade", "due").await;
    office.ledger_says("suspected", None).await;
    li.shoots("week-monday").await;

    section("Tuesday: a visit; the family promises Wednesday");
    windows.are_at(time, "2026-11-24", 17).await;
    li.persuades("agrees_date", Some("2026-11-25")).await;
    windows.after(li).await;
    wang.says_of_the_case("watch", Some("2 天")).await;
    wang.step_is("persuade", "done").await;
    principal.plans_the_reminders().await;

    section("Wednesday morning: the system reminds the principal, who has not opened anything, and names nobody");
    time.shows("2026-11-25", 8);
    let told = notifications.say("1 件今天该办").await;
    assert!(!told.contains(NAME) && !told.contains("石"), "{told}");

    section("Wednesday: missing again, and the school names somebody");
    windows.are_at(time, "2026-11-25", 9).await;
    wang.opens_the_roll().await;
    wang.clicks(&Window::in_the_roll("roll-more")).await;
    wang.clicks(&by("visit-mark-unexcused")).await;
    wang.clicks(&by("absence-save")).await;
    wang.waits_until_gone(&by("absence-form")).await;
    windows.after(wang).await;
    principal.says_of_the_case("suspected", Some("3 天")).await;
    principal.records("task-name_person", &[("case-person", "王老师")], None).await;
    windows.after(principal).await;
    office.ledger_says("suspected", Some("2026-11-23")).await;
    office.ledger_says("dropout", None).await;
    office.shoots("week-suspected").await;
}

/// Thursday to the notice's service.
async fn reported_and_noticed(windows: &Windows, time: &FieldTime) {
    let Windows { li, wang, principal, office } = windows;

    section("Thursday: the promise was not kept; the named teacher goes");
    windows.are_at(time, "2026-11-26", 16).await;
    li.clicks(&by("nav-today")).await;
    li.waits_until("[data-testid='today-card'].overdue", "承诺").await;
    wang.persuades("agrees_vague", None).await;
    windows.after(wang).await;
    principal.says_of_the_case("suspected", Some("4 天")).await;
    principal.step_is("persuade_named", "done").await;

    section("Friday: the fifth day, and the written report");
    windows.are_at(time, "2026-11-27", 10).await;
    let report = [("case-office", "青石镇人民政府")];
    principal.records("task-report_township", &report, Some("portrait_6.jpg")).await;
    windows.after(principal).await;
    office.says_of_the_case("suspected", Some("5 天")).await;
    office.step_is("report_township", "done").await;

    section("Monday: the township's notice, and its proven service");
    windows.are_at(time, "2026-11-30", 10).await;
    let notice = [("case-number", "青府学〔2026〕3号"), ("case-office", "青石镇人民政府"), ("case-person", "石大山")];
    office.records("task-return_notice", &notice, Some("landscape_6.jpg")).await;
    office.opens_the_child().await;
    office.clicks(&by("task-serve_notice")).await;
    office.clicks(&by("visit-method-in_person")).await;
    let service = [("case-person", "石大山"), ("case-servers-0", "赵敏"), ("case-servers-1", "孙干部")];
    for (field, text) in service {
        office.types(&by(field), text).await;
    }
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("photos/portrait_6.jpg");
    office.waits_for(&by("case-page-input")).await.send_keys(&page.to_string_lossy()).await.unwrap();
    office.waits_for(&by("case-page")).await;
    office.clicks(&by("case-save")).await;
    office.waits_until_gone(&by("case-form")).await;
    windows.after(office).await;
    li.says_of_the_case("suspected", Some("6 天")).await;
    li.waits_until(&by("casework"), "通知书限期：12月7日").await;
    office.ledger_says("suspected", Some("青石镇人民政府")).await;
    li.shoots("week-noticed").await;
}

/// From the return to the closing.
async fn back_and_closed(windows: &Windows, time: &FieldTime) {
    let Windows { li, wang, principal, office } = windows;

    section("Thursday after: back at school, and registered");
    windows.are_at(time, "2026-12-03", 8).await;
    wang.opens_the_roll().await;
    wang.clicks(&Window::in_the_roll("roll-tap")).await;
    wang.is_away_in_the_roll(false).await;
    windows.after(wang).await;
    li.says_of_the_case("settling", None).await;
    li.records("task-register_return", &[], None).await;
    windows.after(li).await;
    principal.says_of_the_case("settling", None).await;

    section("a month later: one proposes the closing, and cannot confirm it");
    windows.are_at(time, "2027-01-05", 10).await;
    li.records("task-propose_closing", &[("case-note", "复学登记表和点名册在班级档案第12页")], None).await;
    windows.after(li).await;
    li.opens_the_child().await;
    li.waits_until_gone(&by("task-confirm_closing")).await;

    section("another person confirms it, and the ledger says so");
    principal.records("task-confirm_closing", &[], None).await;
    windows.after(principal).await;
    for window in windows.all() {
        window.says_of_the_case("closed", None).await;
    }
    office.ledger_says("suspected", Some("已返校")).await;
    office.ledger_says("dropout", None).await;
    office.shoots("week-closed").await;
}

/// A pupil of the class whom everybody knows, entered by a colleague of the office.
fn entered(township: &mut Township) -> (Person, DocumentId) {
    let village = township.village(0);
    let class = township.county.schools[0].classes[0].id.clone();
    let clerk = township.coordinator("孙干部");
    let child = clerk.registers_pupil(NAME, &village, &class);
    clerk.syncs();
    (clerk, child)
}

/// Tells the story and compares the office's ledger with the server's in the end.
pub(crate) async fn tell(township: &mut Township) {
    let (clerk, child) = tokio::task::block_in_place(|| entered(township));
    let class = township.county.schools[0].classes[0].id.clone();
    let time = FieldTime::new(&township.beside(""), &township.clock);
    time.shows("2026-11-23", 9);
    let (_xvfb, display) = display();
    let notifications = Notifications::begin(&display);
    let mut environment = time.environment();
    environment.push(notifications.environment());
    let mut opened = Vec::new();
    for (name, role, scope) in [
        ("李老师", Role::ClassTeacher, Scope::Class(class.clone())),
        ("王老师", Role::ClassTeacher, Scope::Class(class.clone())),
        ("周校长", Role::Principal, Scope::School(class.school())),
        ("赵敏", Role::TownshipOfficer, Scope::Place(township.township())),
    ] {
        let code = township.invites(name, role, scope);
        let window = window_at(&display, &township.beside(name), &environment).await;
        window.enrols(&code).await;
        window.syncs().await;
        opened.push(window);
    }
    let [li, wang, principal, office]: [Window; 4] = opened.try_into().ok().unwrap();
    let windows = Windows { li, wang, principal, office };
    watched_and_suspected(&windows, &time, &notifications, township).await;
    reported_and_noticed(&windows, &time).await;
    back_and_closed(&windows, &time).await;
    let Windows { li, wang, principal, office } = windows;
    for window in [li, wang, principal, office] {
        window.closes().await;
    }
    tokio::task::block_in_place(|| {
        clerk.clock.shows("2027-01-05", 11);
        clerk.syncs();
        assert!(clerk.casework(child).cases[0].closing.as_ref().unwrap().confirmed_on.is_some());
        township.assert_same_ledger(&clerk);
    });
}
