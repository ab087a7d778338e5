//! Two network namespaces with nothing between them but the link emulator: whole IP packets are read from one TUN
//! device, go through a [`Lane`], and are written to the other. Real processes on both sides, with the kernel's own TCP.
//!
//! Needs root. The namespaces have no names: they live as long as a process that waits in each of them, which ends with
//! this one, however it ends.

use std::io;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiafang_core::environment::{Clock, Environment};
use tun_rs::{DeviceBuilder, SyncDevice};

use super::lane::{Carried, Lane, LinkTerms};

/// Bytes of a packet at most: below what any network on the way would cut.
const MTU: u16 = 1_400;
/// The tablet's side.
pub const TABLET_IP: &str = "10.83.0.1";
/// The server's side.
pub const SERVER_IP: &str = "10.83.0.2";

/// A place with a network of its own.
#[derive(Debug)]
pub struct Namespace {
    holder: Child,
}

impl Namespace {
    fn new() -> io::Result<Self> {
        // It says a line when it is there, and ends when its input does.
        let mut holder = Command::new("unshare")
            .args(["--net", "sh", "-c", "echo; exec cat"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut line = String::new();
        let said =
            holder.stdout.take().map(io::BufReader::new).map(|mut out| io::BufRead::read_line(&mut out, &mut line));
        let namespace = Self { holder };
        match said {
            Some(Ok(1..)) => Ok(namespace),
            _ => Err(io::Error::other("no namespace: that needs root")),
        }
    }

    /// A program that will run within.
    #[must_use]
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/proc/{}/ns/net", self.holder.id())).arg("--").arg(program);
        command
    }

    fn run(&self, line: &str) -> io::Result<()> {
        let mut words = line.split_whitespace();
        succeeds(self.command(words.next().unwrap_or_default()).args(words))
    }

    /// Makes a TUN device and moves it in; the end that this process holds stays here.
    fn tun(&self, ip: &str) -> io::Result<SyncDevice> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("jf{}n{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let device = DeviceBuilder::new().name(&name).enable(false).build_sync()?;
        succeeds(Command::new("ip").args(["link", "set", &name, "netns", &self.holder.id().to_string()]))?;
        self.run("ip link set lo up")?;
        self.run(&format!("ip addr add {ip}/24 dev {name}"))?;
        self.run(&format!("ip link set {name} mtu {MTU} up"))?;
        Ok(device)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        let _ = self.holder.wait();
    }
}

fn succeeds(command: &mut Command) -> io::Result<()> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim())))
}

/// A lane between two TUN devices.
struct Way {
    lane: Mutex<(Lane, bool)>,
    moved: Condvar,
    clock: Arc<dyn Clock>,
}

impl Way {
    fn begin(
        terms: LinkTerms,
        seed: u64,
        from: &Arc<SyncDevice>,
        to: &Arc<SyncDevice>,
        clock: Arc<dyn Clock>,
    ) -> Arc<Self> {
        let way = Arc::new(Self { lane: Mutex::new((Lane::new(terms, seed), false)), moved: Condvar::new(), clock });
        let (taking, giving) = (Arc::clone(&way), Arc::clone(&way));
        let (from, to) = (Arc::clone(from), Arc::clone(to));
        // Both end by themselves: the device is gone with its namespace.
        std::thread::spawn(move || taking.take(&from));
        std::thread::spawn(move || giving.give(&to));
        way
    }

    fn lock(&self) -> MutexGuard<'_, (Lane, bool)> {
        self.lane.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, from: &SyncDevice) {
        let mut packet = vec![0; usize::from(u16::MAX)];
        while let Ok(length) = from.recv(&mut packet) {
            let Some(bytes) = packet.get(..length) else { break };
            // IPv4 alone: what a kernel says of IPv6 to nobody is not the drill's.
            if bytes.first().is_some_and(|first| first >> 4 == 4) {
                self.lock().0.send(bytes.to_vec(), self.clock.monotonic_ms());
                self.moved.notify_all();
            }
        }
        self.lock().1 = true;
        self.moved.notify_all();
    }

    fn give(&self, to: &SyncDevice) {
        let mut guard = self.lock();
        loop {
            let (lane, ended) = &mut *guard;
            if *ended {
                return;
            }
            let now_ms = self.clock.monotonic_ms();
            if let Some(packet) = lane.arrived(now_ms) {
                drop(guard);
                // A device that is going takes nothing more, which is as good as lost.
                let _ = to.send(&packet);
                guard = self.lock();
                continue;
            }
            guard = match lane.next_arrival_ms() {
                Some(at_ms) => {
                    let wait = Duration::from_millis(at_ms.saturating_sub(now_ms).max(1));
                    self.moved.wait_timeout(guard, wait).unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.moved.wait(guard).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

/// A tablet's side and a server's side with a bad link between them.
pub struct BadLink {
    /// Where the tablet lives, at [`TABLET_IP`].
    pub tablet_side: Namespace,
    /// Where the server lives, at [`SERVER_IP`].
    pub server_side: Namespace,
    up: Arc<Way>,
    down: Arc<Way>,
    clock: Arc<dyn Clock>,
}

impl BadLink {
    /// Makes the two sides and the link. The windows of signal begin now.
    ///
    /// # Errors
    /// Where this is not root, or the kernel has no namespaces or TUN devices.
    pub fn new(terms: LinkTerms, seed: u64) -> io::Result<Self> {
        let (tablet_side, server_side) = (Namespace::new()?, Namespace::new()?);
        let (near, far) = (Arc::new(tablet_side.tun(TABLET_IP)?), Arc::new(server_side.tun(SERVER_IP)?));
        let clock = Environment::of_this_machine().clock;
        let up = Way::begin(terms, seed.wrapping_mul(2), &near, &far, Arc::clone(&clock));
        let down = Way::begin(terms, seed.wrapping_mul(2).wrapping_add(1), &far, &near, Arc::clone(&clock));
        Ok(Self { tablet_side, server_side, up, down, clock })
    }

    /// The link, or why this test is passed over.
    ///
    /// # Errors
    /// The words to print.
    pub fn or_words(terms: LinkTerms, seed: u64) -> Result<Self, String> {
        Self::new(terms, seed).map_err(|cause| {
            format!("skipped: an emulated link needs network namespaces and a TUN device, which root has ({cause})")
        })
    }

    /// What went up and what came down.
    #[must_use]
    pub fn carried(&self) -> (Carried, Carried) {
        (self.up.lock().0.carried(), self.down.lock().0.carried())
    }

    /// Milliseconds since the link is there.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        self.clock.monotonic_ms()
    }
}
