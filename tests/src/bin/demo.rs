//! The demonstration: a fictional township with its server, a coordinator's desk and two teachers' tablets, each
//! in a folder of its own. `--script` tells the story unattended and prints the ledger.

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode};

use clap::Parser;
use jiafang_core::domain::place::Scope;
use jiafang_core::domain::role::Role;
use jiafang_core::environment::Environment;
use jiafang_core::error::{ErrorCode, Failure, Result};
use jiafang_core::vault::recovery_key::RecoveryKeyPair;
use jiafang_sync_server::identity::{Identity, write_private};
use jiafang_sync_server::invite::{Invite, invite};
use jiafang_sync_server::serve::Server;
use jiafang_sync_server::setup::{self, Setup};
use jiafang_sync_server::store::{FILE_NAME, Store};
use jiafang_tests::fiction::{Fiction, RosterStyle, Size};
use jiafang_tests::{demo_story, loopback};

/// The PIN of everybody in the demonstration.
const PIN: &str = "271828";
/// Where the demonstration's server listens.
const ADDRESS: &str = "127.0.0.1:28443";

/// Starts a fictional township, or tells its story unattended.
#[derive(Parser)]
struct Arguments {
    /// The demonstration's data.
    #[arg(long)]
    data: PathBuf,
    /// Tell the story unattended and print the ledger.
    #[arg(long)]
    script: bool,
}

fn say(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter("warn").init();
    let arguments = Arguments::parse();
    let told = if arguments.script {
        // The story drives real devices, whose connections block: it runs off the threads that wait.
        tokio::task::spawn_blocking(|| demo_story::tell(&mut |line| say(line))).await.map_err(|cause| cause.to_string())
    } else {
        Ok(show(&arguments.data).await)
    };
    match told {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(failure)) => {
            say(&format!("The demonstration failed: {failure}"));
            ExitCode::FAILURE
        }
        Err(cause) => {
            say(&format!("The demonstration failed: {cause}"));
            ExitCode::FAILURE
        }
    }
}

async fn show(data: &Path) -> Result<()> {
    let environment = Environment::of_this_machine();
    let server_data = data.join("server");
    std::fs::create_dir_all(data)?;
    let fiction = Fiction::new(1);
    let county = fiction.county(Size::Township);
    if !server_data.join(FILE_NAME).exists() {
        let recovery = RecoveryKeyPair::generate(&environment);
        let identity = Identity::create("localhost", &environment)?;
        let set_up = Setup { county: &county, address: ADDRESS, recovery: &recovery.public, without_backup: false };
        drop(setup::create(&server_data, &set_up, &identity, &environment)?);
        write_private(&data.join("recovery-key.txt"), recovery.secret.to_text().as_bytes())?;
    }
    let children = fiction.children(&county, 300);
    let roster = fiction
        .roster_workbook(&children, &county, RosterStyle::ClerksHand)
        .map_err(|cause| Failure::caused(ErrorCode::Internal, "the roster", cause))?;
    jiafang_core::files::write_atomically(&data.join(&roster.file_name), &roster.bytes)?;
    let address: SocketAddr =
        ADDRESS.parse().map_err(|cause| Failure::caused(ErrorCode::Internal, "the address", cause))?;
    let running = Server::open(&server_data, environment.clone())?.start(address).await?;
    let village = county.places.iter().find(|place| place.code.is_village());
    let village = village.map(|place| place.code.clone()).ok_or_else(|| Failure::missing("village"))?;
    let township = village.parent().unwrap_or_else(|| village.clone());
    say("A fictional township is served. Enrol each device with its code; choose any PIN of six digits.");
    say(&format!("The coordinator can import {}.", data.join(&roster.file_name).display()));
    let cast = [
        ("赵敏 (coordinator)", "desk", Role::TownshipOfficer, Scope::Place(township)),
        ("李老师 (teacher)", "tablet-1", Role::ClassTeacher, Scope::Place(village.clone())),
        ("王老师 (teacher)", "tablet-2", Role::ClassTeacher, Scope::Place(village)),
    ];
    let mut windows: Vec<Child> = Vec::new();
    for (name, folder, role, scope) in cast {
        let device = data.join(folder);
        say(&format!("\n{name}"));
        if !device.join(jiafang_core::store::FILE_NAME).exists() {
            let whom = Invite {
                name: name.split(' ').next().unwrap_or(name).to_owned(),
                role,
                scopes: vec![scope],
                person: None,
                valid_days: 14,
            };
            let code = invite(&Store::open(&server_data)?, &Identity::read(&server_data)?, &whom, &environment)?;
            say(&format!("  code: {}", code.to_text()));
        }
        match std::env::var_os("JIAFANG_APP_BIN") {
            Some(program) => windows.push(Command::new(program).env("JIAFANG_DATA", &device).spawn()?),
            None => {
                let pages = std::env::var_os("JIAFANG_UI_DIST").map_or_else(|| PathBuf::from("ui/dist"), PathBuf::from);
                say(&format!("  open: {}", loopback::start(&device, &pages, 0).await?.url()));
            }
        }
    }
    say(&format!("\nA PIN that is easy to remember here: {PIN}. Ctrl-C ends everything; the data stays."));
    let _ = tokio::signal::ctrl_c().await;
    for mut window in windows {
        let _ = window.kill();
        let _ = window.wait();
    }
    running.stop().await;
    Ok(())
}
