//! The demonstration: a fictional township with its server, a coordinator's desk and two teachers' tablets, each
//! in a folder of its own. The main job is told while it is done on these very devices, and then they are opened for
//! everybody to go on with. `--script` tells the story to its end, unattended, and prints the ledger.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode};

use clap::Parser;
use jiafang_core::environment::Environment;
use jiafang_core::error::{ErrorCode, Failure, Result};
use jiafang_sync_server::identity::write_private;
use jiafang_sync_server::serve::Server;
use jiafang_tests::fiction::RosterStyle;
use jiafang_tests::kit::Township;
use jiafang_tests::kit::field_clock::FieldClock;
use jiafang_tests::kit::person::PIN;
use jiafang_tests::{demo_story, loopback};

/// Where the demonstration's server listens.
const ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 28443);
/// Who sits before which device, in the order in which the story enrols them; the window bears the folder's name.
const CAST: [(&str, &str); 3] =
    [("赵敏, coordinator", "desk-赵敏"), ("李老师, teacher", "tablet-李老师"), ("王老师, teacher", "tablet-王老师")];

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
    // The story drives real devices, whose connections block: it runs off the threads that wait.
    let told = if arguments.script {
        tokio::task::spawn_blocking(tell_to_the_end).await
    } else {
        let data = arguments.data.clone();
        tokio::task::spawn_blocking(move || prepare(&data)).await
    };
    let told = match told {
        Ok(Ok(())) if !arguments.script => show(&arguments.data).await.map_err(|failure| failure.to_string()),
        Ok(told) => told.map_err(|failure| failure.to_string()),
        Err(cause) => Err(cause.to_string()),
    };
    match told {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            say(&format!("The demonstration failed: {cause}"));
            ExitCode::FAILURE
        }
    }
}

fn tell_to_the_end() -> Result<()> {
    let met = demo_story::tell_the_field_work(Township::new(1), &mut |line| say(line))?;
    demo_story::tell_the_desk_work(met, &mut |line| say(line))
}

/// Makes the township's folder by telling the field work in it, once. It is made beside and moved into place, so that
/// an interrupted demonstration leaves no half a township.
fn prepare(data: &Path) -> Result<()> {
    if data.exists() {
        say("The township of the last time is opened again; `./dev clean` removes it.");
        return Ok(());
    }
    let unfinished = data.with_extension("unfinished");
    if unfinished.exists() {
        std::fs::remove_dir_all(&unfinished)?;
    }
    let clock = FieldClock::at(Environment::of_this_machine().now());
    let township = Township::lasting(1, &unfinished, ADDRESS, clock);
    write_private(&unfinished.join("recovery-key.txt"), township.recovery.secret.to_text().as_bytes())?;
    let later = township.fiction.children(&township.county, 120);
    let roster = township
        .fiction
        .roster_workbook(&later, &township.county, RosterStyle::ClerksHand)
        .map_err(|cause| Failure::caused(ErrorCode::Internal, "the roster", cause))?;
    jiafang_core::files::write_atomically(&unfinished.join(&roster.file_name), &roster.bytes)?;
    let met = demo_story::tell_the_field_work(township, &mut |line| say(line))?;
    say(&format!(
        "6. Now it is yours. Both teachers have given {} a phone number: the coordinator's inbox (待处理) waits.",
        met.child_name
    ));
    drop(met);
    for (number, (_, folder)) in (1..).zip(CAST) {
        std::fs::rename(unfinished.join(format!("device-{number}")), unfinished.join(folder))?;
    }
    std::fs::rename(&unfinished, data)?;
    Ok(())
}

async fn show(data: &Path) -> Result<()> {
    let running = Server::open(&data.join("server"), Environment::of_this_machine())?.start(ADDRESS).await?;
    say(&format!("\nThe PIN of everybody is {PIN}."));
    let mut windows: Vec<Child> = Vec::new();
    for (who, folder) in CAST {
        let device = data.join(folder);
        match std::env::var_os("JIAFANG_APP_BIN") {
            Some(program) => {
                windows.push(Command::new(program).env("JIAFANG_DATA", &device).spawn()?);
                say(&format!("  {who}: a window opens"));
            }
            None => {
                let pages = std::env::var_os("JIAFANG_UI_DIST").map_or_else(|| PathBuf::from("ui/dist"), PathBuf::from);
                say(&format!("  {who}: {}", loopback::start(&device, &pages, 0).await?.url()));
            }
        }
    }
    say(
        "\nTo try: as a teacher open a child (学生), record a visit (记录家访) and sync (同步); as the coordinator look",
    );
    say(
        "into the ledger (台账), settle what two teachers said (待处理), export it, or bring in the spreadsheet that lies",
    );
    say(&format!("in {} (名册). Ctrl-C ends everything; the data stays there.", data.display()));
    let _ = tokio::signal::ctrl_c().await;
    for mut window in windows {
        let _ = window.kill();
        let _ = window.wait();
    }
    running.stop().await;
    Ok(())
}
