//! One real window: the app that ships under a display of its own, and what a test does with it.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};

/// How long an element may take to appear: a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A program that ends with the test.
pub(crate) struct Running(Child);

impl From<Child> for Running {
    fn from(child: Child) -> Self {
        Self(child)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A display of its own, whose number Xvfb chooses, so that tests beside each other do not meet.
pub(crate) fn display() -> (Running, String) {
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

pub(crate) struct Window {
    client: Client,
    display: String,
    _driver: Running,
}

pub(crate) async fn window(display: &str, data: &Path) -> Window {
    window_at(display, data, &[]).await
}

/// A window whose processes are started with this environment as well.
pub(crate) async fn window_at(display: &str, data: &Path, environment: &[(&str, PathBuf)]) -> Window {
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
        // What GTK's own dialogs remember stays with the test.
        .env("HOME", data)
        .envs(environment.iter().map(|(name, value)| (name, value)))
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
    Window { client, display: display.to_owned(), _driver: driver }
}

/// What a window showed when it failed.
static LAST_SEEN: Mutex<String> = Mutex::new(String::new());

/// Says what the window that failed showed as the very last words of a test, behind the trace of its panic.
pub(crate) struct LastWords;

impl Drop for LastWords {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!("{}", LAST_SEEN.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

pub(crate) fn by(testid: &str) -> String {
    format!("[data-testid='{testid}']")
}

impl Window {
    /// Fails the test, with a picture and the text of what the window shows.
    async fn fails(&self, words: &str) -> ! {
        let page = self.client.execute("return location.hash + '\\n' + document.body.innerText", Vec::new()).await;
        let page = page.map_or_else(|cause| cause.to_string(), |page| page.as_str().unwrap_or_default().to_owned());
        *LAST_SEEN.lock().unwrap_or_else(PoisonError::into_inner) = format!("{words}: the window shows\n{page}");
        self.shoots("failed").await;
        panic!("{words}: see shots/window/failed.png")
    }

    pub(crate) async fn waits_for(&self, selector: &str) -> fantoccini::elements::Element {
        match self.client.wait().at_most(PATIENCE).for_element(Locator::Css(selector)).await {
            Ok(element) => element,
            Err(cause) => self.fails(&format!("{selector} does not appear: {cause}")).await,
        }
    }

    pub(crate) async fn clicks(&self, selector: &str) {
        tracing::info!("clicks {selector}");
        let element = self.waits_for(selector).await;
        // Through the page: a chip's own control lies under its label.
        // And after the script has returned: a click that leads to another screen can swallow the driver's answer.
        let script = "const it = arguments[0]; it.scrollIntoView({block: 'center'}); setTimeout(() => it.click(), 0)";
        self.client.execute(script, vec![serde_json::to_value(&element).unwrap()]).await.unwrap();
    }

    pub(crate) async fn types(&self, selector: &str, text: &str) {
        tracing::info!("types into {selector}");
        let element = self.waits_for(selector).await;
        // What is selected is replaced by what is typed; `clear` of this driver does not reach the page's model.
        let selected = vec![serde_json::to_value(&element).unwrap()];
        self.client.execute("arguments[0].focus(); arguments[0].select()", selected).await.unwrap();
        element.send_keys(text).await.unwrap();
    }

    pub(crate) async fn text_of(&self, selector: &str) -> String {
        let element = self.waits_for(selector).await;
        element.prop("innerText").await.unwrap().unwrap_or_default()
    }

    /// Waits until an element says something.
    pub(crate) async fn waits_until(&self, selector: &str, says: &str) -> String {
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
            Err(_) => self.fails(&format!("{selector} never says {says}")).await,
        }
    }

    /// Waits until something is no longer there.
    pub(crate) async fn waits_until_gone(&self, selector: &str) {
        let gone = async {
            while !self.client.find_all(Locator::Css(selector)).await.unwrap().is_empty() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        if tokio::time::timeout(PATIENCE, gone).await.is_err() {
            self.fails(&format!("{selector} stays")).await;
        }
    }

    /// Waits until the page knows that it is this day in China. Each process of a window
    /// reads the shift of its time anew when its copy is a second old: the page's may be behind the app's.
    pub(crate) async fn waits_for_the_day(&self, day: &str) {
        let script = "return new Date().toLocaleDateString('sv-SE', { timeZone: 'Asia/Shanghai' })";
        let shown = async {
            while self.client.execute(script, Vec::new()).await.unwrap() != day {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        if tokio::time::timeout(PATIENCE, shown).await.is_err() {
            self.fails(&format!("the page never shows {day}")).await;
        }
    }

    /// Syncs, and waits until the reminders are planned that follow from it: the page rests before it plans.
    pub(crate) async fn plans_the_reminders(&self) {
        let before = self.client.execute("return performance.now()", Vec::new()).await.unwrap();
        self.syncs().await;
        let script =
            "return performance.getEntriesByName('reminders-planned').some((one) => one.startTime > arguments[0])";
        let planned = async {
            while self.client.execute(script, vec![before.clone()]).await.unwrap() != true {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        if tokio::time::timeout(PATIENCE, planned).await.is_err() {
            self.fails("the reminders are never planned").await;
        }
    }

    /// Waits until a picture is there and decoded.
    pub(crate) async fn waits_for_picture(&self, selector: &str) {
        let picture = self.waits_for(selector).await;
        let script = "return arguments[0].complete && arguments[0].naturalWidth > 0";
        let shown = async {
            let picture = serde_json::to_value(&picture).unwrap();
            while self.client.execute(script, vec![picture.clone()]).await.unwrap() != true {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        if tokio::time::timeout(PATIENCE, shown).await.is_err() {
            self.fails(&format!("{selector} shows no picture")).await;
        }
    }

    /// Asks for a sync and waits for its end. The button rests while one runs that began by itself, and would take the click with
    /// it: whether it rests and the click are one look.
    pub(crate) async fn syncs(&self) {
        self.clicks(&by("nav-sync")).await;
        tracing::info!("asks for a sync");
        let script = "const it = arguments[0]; if (it.disabled) return false; it.click(); return true";
        let pressed = async {
            loop {
                let button = serde_json::to_value(self.waits_for(&by("sync-now")).await).unwrap();
                if self.client.execute(script, vec![button]).await.unwrap() == true {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        if tokio::time::timeout(PATIENCE, pressed).await.is_err() {
            self.fails("the button for a sync rests for ever").await;
        }
        self.waits_for("[data-testid='sync-now']:not([disabled])").await;
        self.waits_for("[data-testid='strip']:not(.waiting)").await;
    }

    pub(crate) async fn enrols(&self, code: &str) {
        self.types(&by("enrol-code"), code).await;
        self.types(&by("enrol-pin"), "271828").await;
        self.types(&by("enrol-pin-again"), "271828").await;
        self.clicks(&by("enrol-submit")).await;
        self.waits_for(&by("strip")).await;
    }

    /// Comes back to a window that was left alone for a while: the first touch finds it covered, and the PIN uncovers it.
    pub(crate) async fn uncovers(&self) {
        self.client.execute("document.body.click()", Vec::new()).await.unwrap();
        self.types(&by("unlock-pin"), "271828").await;
        self.clicks(&by("unlock-submit")).await;
        self.waits_until_gone(&by("unlock-pin")).await;
    }

    pub(crate) async fn shoots(&self, name: &str) {
        tracing::info!("shoots {name}");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shots/window");
        std::fs::create_dir_all(&folder).unwrap();
        // The driver answers with the next frame that is drawn: a page at rest draws none, and it would wait for ever.
        let drawing = "let n = 0; const id = setInterval(() => { document.body.style.opacity = n % 2 ? '' : '0.999'; \
                       if (++n === 40) clearInterval(id) }, 50)";
        self.client.execute(drawing, Vec::new()).await.unwrap();
        let picture = self.client.screenshot().await.unwrap();
        jiafang_core::files::write_atomically(&folder.join(format!("{name}.png")), &picture).unwrap();
    }

    /// Answers the system's own dialog for saving a file, as a hand at the keyboard would: the driver does not reach it.
    pub(crate) async fn saves_the_file_as(&self, path: &Path) {
        let keys = |arguments: &[&str]| {
            let done = Command::new("xdotool").args(arguments).env("DISPLAY", &self.display).output();
            done.expect("xdotool: ./dev install brings it")
        };
        let dialog = tokio::time::timeout(PATIENCE, async {
            loop {
                // A display without a window manager: the dialog is the second window that is shown.
                let found = keys(&["search", "--onlyvisible", "--name", "Save"]);
                if let Some(window) = String::from_utf8_lossy(&found.stdout).lines().next() {
                    break window.to_owned();
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
        let dialog = dialog.await.expect("the system asks where to save");
        keys(&["windowfocus", "--sync", &dialog]);
        keys(&["key", "ctrl+a"]);
        keys(&["type", "--delay", "10", &path.to_string_lossy()]);
        keys(&["key", "Return"]);
    }

    pub(crate) async fn closes(self) {
        // A driver that does not answer is ended with the test.
        let _ = tokio::time::timeout(Duration::from_secs(10), self.client.close()).await;
    }
}
