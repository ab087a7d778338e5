//! Runs the loopback host and prints the address to open in a browser.

use std::io::Write;
use std::path::PathBuf;

use clap::Parser;

/// Serves the app's pages and its backend on 127.0.0.1, for tests and demonstrations.
#[derive(Parser)]
struct Arguments {
    /// The app's data folder; made when it is not there.
    #[arg(long)]
    data: PathBuf,
    /// The built pages.
    #[arg(long, default_value = "ui/dist")]
    pages: PathBuf,
    /// The port; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter("info").init();
    let arguments = Arguments::parse();
    match jiafang_tests::loopback::start(&arguments.data, &arguments.pages, arguments.port).await {
        Ok(loopback) => {
            let _ = writeln!(std::io::stdout(), "{}", loopback.url());
            let _ = tokio::signal::ctrl_c().await;
            std::process::ExitCode::SUCCESS
        }
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "{failure}");
            std::process::ExitCode::FAILURE
        }
    }
}
