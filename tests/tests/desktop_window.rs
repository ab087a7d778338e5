//! The real window, driven through WebDriver under Xvfb: the story's steps 3 to 5 in the app that ships. Step 6, the
//! desk, is driven in a browser (`tests/tablet/`) over the same backend and the same pages.
//!
//! Needs WebKitWebDriver and Xvfb (`./dev install` brings them), and the built shell in `JIAFANG_APP_BIN`.

// Helpers of a test fail it by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects)]

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use jiafang_core::domain::place::Scope;
use jiafang_core::domain::role::Role;
use jiafang_tests::kit::{Person, Township, section};

/// How long an element may take to appear: a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long the whole story may take; a driver that hangs must not hang everything.
const STORY_TIME_MAX: Duration = Duration::from_secs(120);

/// A program that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A display of its own, whose number Xvfb chooses, so that tests beside each other do not meet.
fn display() -> (Running, String) {
    let mut xvfb = Command::new("sh")
        .args(["-c", "exec Xvfb -displayfd 1 -screen 0 1366x900x24 -nolisten tcp"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("Xvfb: ./dev install brings it");
    let mut number = String::new();
    let mut out = xvfb.stdout.take().unwrap();
    let mut byte = [0];
    while out.read(&mut byte).unwrap() == 1 && byte[0] != b'\n' {
        number.push(char::from(byte[0]));
    }
    (Running(xvfb), format!(":{number}"))
}

struct Window {
    client: Client,
    _driver: Running,
}

async fn window(display: &str, data: &Path) -> Window {
    let app = std::env::var_os("JIAFANG_APP_BIN").map(PathBuf::from).expect("JIAFANG_APP_BIN: run ./dev test");
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let driver = Command::new("WebKitWebDriver")
        .args([format!("--port={port}"), "--host=127.0.0.1".to_owned()])
        .env("DISPLAY", display)
        .env("JIAFANG_DATA", data)
        .env("TAURI_AUTOMATION", "true")
        .env("TAURI_WEBVIEW_AUTOMATION", "true")
        .env("GDK_BACKEND", "x11")
        .env("LIBGL_ALWAYS_SOFTWARE", "1")
        .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1")
        .env("NO_AT_BRIDGE", "1")
        .env("LANG", "C.UTF-8")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("WebKitWebDriver: ./dev install brings it");
    let driver = Running(driver);
    let mut capabilities = Capabilities::new();
    capabilities.insert(
        "webkitgtk:browserOptions".to_owned(),
        serde_json::json!({ "binary": app.to_string_lossy(), "args": [] }),
    );
    let mut builder = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new());
    builder.capabilities(capabilities);
    let mut tries = 0;
    let client = loop {
        // The driver listens a moment after it was started: the connection itself says when.
        match builder.connect(&format!("http://127.0.0.1:{port}")).await {
            Ok(client) => break client,
            Err(cause) => {
                tries += 1;
                assert!(tries < 200, "no session: {cause}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    };
    Window { client, _driver: driver }
}

fn by(testid: &str) -> String {
    format!("[data-testid='{testid}']")
}

impl Window {
    async fn waits_for(&self, selector: &str) -> fantoccini::elements::Element {
        self.client
            .wait()
            .at_most(PATIENCE)
            .for_element(Locator::Css(selector))
            .await
            .unwrap_or_else(|cause| panic!("{selector} does not appear: {cause}"))
    }

    async fn clicks(&self, selector: &str) {
        let element = self.waits_for(selector).await;
        // Through the page: a chip's own control lies under its label.
        // And after the script has returned: a click that leads to another screen can swallow the driver's answer.
        let script = "const it = arguments[0]; it.scrollIntoView({block: 'center'}); setTimeout(() => it.click(), 0)";
        self.client.execute(script, vec![serde_json::to_value(&element).unwrap()]).await.unwrap();
    }

    async fn types(&self, selector: &str, text: &str) {
        let element = self.waits_for(selector).await;
        // What is selected is replaced by what is typed; `clear` of this driver does not reach the page's model.
        let selected = vec![serde_json::to_value(&element).unwrap()];
        self.client.execute("arguments[0].focus(); arguments[0].select()", selected).await.unwrap();
        element.send_keys(text).await.unwrap();
    }

    async fn text_of(&self, selector: &str) -> String {
        let element = self.waits_for(selector).await;
        element.prop("innerText").await.unwrap().unwrap_or_default()
    }

    /// Waits until an element says something.
    async fn waits_until(&self, selector: &str, says: &str) -> String {
        let waited = tokio::time::timeout(PATIENCE, async {
            loop {
                let elements = self.client.find_all(Locator::Css(selector)).await.unwrap();
                for element in elements {
                    if let Ok(Some(text)) = element.prop("innerText").await
                        && text.contains(says)
                    {
                        return text;
                    }
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
        match waited.await {
            Ok(text) => text,
            Err(_) => {
                self.shoots("failed").await;
                panic!("{selector} never says {says}: see shots/window/failed.png")
            }
        }
    }

    async fn enrols(&self, code: &str) {
        self.types(&by("enrol-code"), code).await;
        self.types(&by("enrol-pin"), "271828").await;
        self.types(&by("enrol-pin-again"), "271828").await;
        self.clicks(&by("enrol-submit")).await;
        self.waits_for(&by("strip")).await;
    }

    async fn shoots(&self, name: &str) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shots/window");
        std::fs::create_dir_all(&folder).unwrap();
        let picture = self.client.screenshot().await.unwrap();
        jiafang_core::files::write_atomically(&folder.join(format!("{name}.png")), &picture).unwrap();
    }

    async fn closes(self) {
        // A driver that does not answer is ended with the test.
        let _ = tokio::time::timeout(Duration::from_secs(10), self.client.close()).await;
    }
}

/// The story, told in a window of its own.
async fn tell(display: &str, data: &Path, code: &str, wang: &Person) {
    section("the teacher enrols and finds the child by initials");
    let tablet = window(display, data).await;
    tablet.enrols(code).await;
    tablet.clicks(&by("nav-children")).await;
    tablet.types(&by("child-search"), "sxy").await;
    tablet.clicks("[data-testid='child-row'][data-name='石小雨']").await;
    assert!(tablet.text_of(&by("dossier")).await.contains("石大山"));

    section("the teacher records a visit in Chinese, with a photo");
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
    tablet.shoots("visit-saved").await;

    section("the teacher changes the phone, and so does the colleague");
    tokio::task::block_in_place(|| wang.changes_phone(wang.child("石小雨"), "19900000002")).unwrap();
    tablet.clicks(&by("nav-children")).await;
    tablet.clicks("[data-testid='child-row'][data-name='石小雨']").await;
    tablet.clicks(&by("edit-phone")).await;
    tablet.types(&by("phone-input"), "19900000003").await;
    tablet.clicks(&by("phone-save")).await;
    tablet.waits_until(&by("guardian-phone"), "19900000003").await;
    tokio::task::block_in_place(|| wang.syncs());
    tablet.clicks(&by("nav-sync")).await;
    tablet.clicks(&by("sync-now")).await;
    tablet.waits_until(&by("delivery-photo"), "服务器").await;
    tablet.shoots("sync").await;
    tablet.closes().await;
}

#[test]
fn a_teacher_does_the_field_work_in_the_real_window() {
    // The driver of the web view stops answering now and then, which says nothing of the app: then the story is told
    // again from its beginning. What the app does wrong fails at once.
    for attempt in 1..=3 {
        let mut township = Township::new(6 + attempt);
        let village = township.village(0);
        // A colleague with a tablet of her own has registered a child and been there.
        let wang = township.teacher("王老师", Scope::Place(village.clone()));
        wang.registers("石小雨", "2016-05-04", &village, "19900000001");
        wang.syncs();
        let code = township.invites("李老师", Role::ClassTeacher, Scope::Place(village));
        let data = township.beside("window-tablet");
        let (_xvfb, display) = display();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let story = tell(&display, &data, &code, &wang);
        let told = runtime.block_on(async { tokio::time::timeout(STORY_TIME_MAX, story).await });
        // What still waits in the driver's connections waits for nobody.
        runtime.shutdown_background();
        if told.is_ok() {
            return;
        }
        section("the driver answers no more");
    }
    panic!("the driver answered no more, three times");
}
