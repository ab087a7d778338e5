//! The real window, driven through WebDriver under Xvfb: the story's steps 3 to 6 in the app that ships, first on a
//! teacher's tablet, then at the coordinator's desk; and the weeks of a missing child in the windows of four people.
//!
//! Needs WebKitWebDriver, Xvfb, xdotool, libfaketime and dunst (`./dev install` brings them), and the built shell in
//! `JIAFANG_APP_BIN`.

// Helpers of a test fail it by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects)]

mod field_time;
mod missing_child;
mod notifications;
mod window;

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiafang_core::domain::place::Scope;
use jiafang_core::domain::role::Role;
use jiafang_core::spreadsheet::reader::read_sheet;
use jiafang_tests::kit::{Person, Township, section};

use crate::window::{LastWords, by, display, window};

/// How long the whole story may take; a driver that hangs must not hang everything.
const STORY_TIME_MAX: Duration = Duration::from_secs(180);
/// The same for the story of weeks in four windows.
const WEEKS_TIME_MAX: Duration = Duration::from_secs(600);

/// One story after the other: windows are heavy.
static ONE_STORY: Mutex<()> = Mutex::new(());

/// The field work, told in a window of its own.
async fn tell_the_field_work(display: &str, data: &Path, code: &str, township: &mut Township, wang: &Person) {
    section("the teacher enrols and finds the child by initials");
    let tablet = window(display, data).await;
    tablet.enrols(code).await;
    tablet.clicks(&by("nav-children")).await;
    tablet.types(&by("child-search"), "sxy").await;
    tablet.clicks("[data-testid='child-row'][data-name='石小雨']").await;
    assert!(tablet.text_of(&by("dossier")).await.contains("石大山"));

    section("out of signal the teacher records a visit in Chinese, with a photo");
    tokio::task::block_in_place(|| township.server_stops());
    tablet.clicks(&by("record-visit")).await;
    tablet.clicks(&by("visit-mode-at_home")).await;
    tablet.clicks(&by("visit-purpose-routine")).await;
    tablet.clicks(&by("visit-seen-yes")).await;
    tablet.clicks(&by("visit-received-paternal_grandmother")).await;
    tablet.types(&by("visit-householdSituation"), "奶奶一人带两个孩子,父母在外务工。").await;
    let photo = Path::new(env!("CARGO_MANIFEST_DIR")).join("photos/DSCN0010.jpg");
    tablet.waits_for(&by("visit-photo-input")).await.send_keys(&photo.to_string_lossy()).await.unwrap();
    tablet.waits_for(&by("draft-photo")).await;
    tablet.shoots("visit").await;
    tablet.clicks(&by("visit-save")).await;
    tablet.waits_for(&by("visit-saved")).await;
    let strip = tablet.waits_until(&by("strip"), "待发").await;
    assert!(strip.contains("1 条记录"), "what waits is said: {strip}");
    tablet.shoots("visit-saved").await;
    tokio::task::block_in_place(|| township.server_starts());

    section("the teacher changes the phone, and so does the colleague");
    tokio::task::block_in_place(|| wang.changes_phone(wang.child("石小雨"), "19900000002")).unwrap();
    tablet.clicks(&by("nav-children")).await;
    tablet.clicks("[data-testid='child-row'][data-name='石小雨']").await;
    tablet.clicks(&by("edit-phone")).await;
    tablet.types(&by("phone-input"), "19900000003").await;
    tablet.clicks(&by("phone-save")).await;
    tablet.waits_until(&by("guardian-phone"), "19900000003").await;
    tokio::task::block_in_place(|| wang.syncs());
    tablet.syncs().await;
    tablet.waits_until(&by("delivery-photo"), "服务器").await;
    tablet.shoots("sync").await;
    tablet.closes().await;
}

/// The coordinator's part of the story, told in a window of its own.
async fn tell_the_desk_work(display: &str, data: &Path, code: &str, wang: &Person) {
    section("the coordinator enrols, and the ledger fills");
    let desk = window(display, data).await;
    desk.enrols(code).await;
    desk.syncs().await;
    desk.clicks(&by("nav-ledger")).await;
    desk.types(&by("ledger-search"), "石小雨").await;
    desk.clicks("[data-testid='ledger-row'][data-name='石小雨']").await;

    section("both teachers' visits stand beside the ledger, with the photo");
    let beside = by("ledger-dossier");
    desk.waits_until(&beside, "奶奶一人带两个孩子").await;
    let told = desk.waits_until(&beside, "父亲上月回家").await;
    assert!(told.contains("李老师") && told.contains("王老师"), "who was there: {told}");
    desk.waits_for_picture(&format!("{beside} img")).await;

    section("two values of one field, with names; a click settles it");
    let both = desk.waits_until(&by("conflict"), "19900000002").await;
    assert!(both.contains("19900000003") && both.contains("李老师") && both.contains("王老师"), "{both}");
    desk.shoots("desk-conflict").await;
    desk.clicks(&by("settle-19900000003")).await;
    desk.waits_until(&by("guardian-phone"), "19900000003").await;
    desk.waits_until_gone(&by("conflict")).await;
    desk.shoots("desk-settled").await;

    section("the ledger is exported as a spreadsheet");
    desk.clicks(&by("ledger-export")).await;
    let file = data.with_file_name("ledger.xlsx");
    desk.saves_the_file_as(&file).await;
    desk.waits_until(&by("ledger-told"), "1").await;
    let sheet = read_sheet("ledger.xlsx", &std::fs::read(&file).unwrap()).unwrap();
    let texts: Vec<_> = sheet.rows.iter().flatten().map(|cell| cell.text.as_str()).collect();
    assert!(
        texts.contains(&"石小雨") && texts.contains(&"石大山/父亲/19900000003"),
        "what is seen is exported: {texts:?}"
    );

    section("the settled value reaches the other teacher");
    desk.syncs().await;
    desk.closes().await;
    tokio::task::block_in_place(|| wang.syncs());
    assert_eq!(wang.opens(wang.child("石小雨")).guardians[0].phone.value, "19900000003");
}

#[test]
fn a_visit_reaches_the_coordinators_ledger_in_the_real_window() {
    let _alone = ONE_STORY.lock().unwrap_or_else(PoisonError::into_inner);
    let _last_words = LastWords;
    let mut township = Township::new(7);
    let village = township.village(0);
    // A colleague with a tablet of her own has registered a child and been there.
    let wang = township.teacher("王老师", Scope::Place(village.clone()));
    let child = wang.registers("石小雨", "2016-05-04", &village, "19900000001");
    wang.records_visit(child, &[], |form| form.household_situation = "父亲上月回家,想让孩子去浙江读书。".to_owned());
    wang.syncs();
    let code = township.invites("李老师", Role::ClassTeacher, Scope::Place(village));
    let desk_code = township.invites("赵敏", Role::TownshipOfficer, Scope::Place(township.township()));
    let (data, desk_data) = (township.beside("window-tablet"), township.beside("window-desk"));
    let (_xvfb, display) = display();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let story = async {
        tell_the_field_work(&display, &data, &code, &mut township, &wang).await;
        tell_the_desk_work(&display, &desk_data, &desk_code, &wang).await;
    };
    let told = runtime.block_on(async { tokio::time::timeout(STORY_TIME_MAX, story).await });
    // What still waits in the driver's connections waits for nobody.
    runtime.shutdown_background();
    assert!(told.is_ok(), "the story is not told to its end in {STORY_TIME_MAX:?}");
}

#[test]
fn a_child_is_missing_reported_noticed_back_and_closed_in_the_windows_of_four_people() {
    let _alone = ONE_STORY.lock().unwrap_or_else(PoisonError::into_inner);
    let _last_words = LastWords;
    let mut township = Township::new(8);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let story = missing_child::tell(&mut township);
    let told = runtime.block_on(async { tokio::time::timeout(WEEKS_TIME_MAX, story).await });
    runtime.shutdown_background();
    assert!(told.is_ok(), "the story is not told to its end in {WEEKS_TIME_MAX:?}");
}
