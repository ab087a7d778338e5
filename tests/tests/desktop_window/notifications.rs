//! The desk's own notifications: a session bus of its own, a real notification service that draws them on the display, and
//! what passes on the bus.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::window::Running;

/// Where the system's notifications are shown and heard.
pub(crate) struct Notifications {
    address: String,
    heard: Arc<Mutex<String>>,
    _running: Vec<Running>,
}

impl Notifications {
    pub(crate) fn begin(display: &str) -> Self {
        let start = |program: &str, arguments: &[&str], address: &str| {
            let mut command = Command::new(program);
            command.args(arguments).env("DISPLAY", display).stdout(Stdio::piped()).stderr(Stdio::null());
            if !address.is_empty() {
                command.env("DBUS_SESSION_BUS_ADDRESS", address);
            }
            command.spawn().unwrap_or_else(|cause| panic!("{program}: ./dev install brings it: {cause}"))
        };
        let mut bus = start("dbus-daemon", &["--session", "--nofork", "--print-address"], "");
        let mut address = String::new();
        BufReader::new(bus.stdout.take().unwrap()).read_line(&mut address).unwrap();
        let address = address.trim().to_owned();
        let service = start("dunst", &[], &address);
        let mut monitor = start("dbus-monitor", &["interface='org.freedesktop.Notifications'"], &address);
        let heard = Arc::new(Mutex::new(String::new()));
        let (lines, out) = (Arc::clone(&heard), BufReader::new(monitor.stdout.take().unwrap()));
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
                lines.push_str(&line);
                lines.push('\n');
            }
        });
        let running = [monitor, service, bus].map(Running::from).into();
        Self { address, heard, _running: running }
    }

    /// What a window's processes are started with.
    pub(crate) fn environment(&self) -> (&'static str, PathBuf) {
        ("DBUS_SESSION_BUS_ADDRESS", PathBuf::from(&self.address))
    }

    /// Waits until the system was asked to show something, and answers all that passed.
    pub(crate) async fn say(&self, words: &str) -> String {
        let heard = async {
            loop {
                let told = self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone();
                if told.contains(words) {
                    return told;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(90), heard)
            .await
            .unwrap_or_else(|_| panic!("never told: {words}; heard: {}", self.heard.lock().unwrap()))
    }
}
