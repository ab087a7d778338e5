//! The figures of BENCHMARKS.md, measured on this machine. `./dev bench` builds it in release and runs it.

use std::io::Write;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

use clap::Parser;
use jiafang_tests::benchmarks::{Figure, device, roster, server, sync};

/// Measures; prints a table in Markdown.
#[derive(Parser)]
struct Arguments {
    /// Only figures whose name holds this text.
    #[arg(long, default_value = "")]
    only: String,
    /// (Internal) serves this data folder until its standard input ends.
    #[arg(long)]
    serve: Option<std::path::PathBuf>,
}

/// A group of figures under a name.
type Suite = (&'static str, fn() -> Vec<Figure>);

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(data) = arguments.serve {
        server::serve_until_input_ends(&data);
        return ExitCode::SUCCESS;
    }
    // What the kit would log goes beside the table, and only what is wrong; and the output is not held: a server's thread
    // that logged to it would wait for ever.
    let _ = tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter("warn").try_init();
    let mut out = std::io::stdout();
    let _ = writeln!(
        out,
        "{}\n\n| what | goal | measured | without encryption | note |\n| --- | --- | --- | --- | --- |",
        machine()
    );
    #[allow(clippy::disallowed_methods)] // a benchmark reads the clock
    let begun = Instant::now();
    let suites: [Suite; 6] = [
        ("device", device::first_page_and_visit),
        ("search", device::search),
        ("photo", device::photo),
        ("roster", roster::import),
        ("sync", sync::a_day_and_idle),
        ("server", server::idle_of_a_county),
    ];
    for (name, suite) in suites {
        if !name.contains(&arguments.only) {
            continue;
        }
        for figure in suite() {
            print(&mut out, &figure);
        }
    }
    if let Some(figure) = first_screen(Path::new("ui/dist")) {
        print(&mut out, &figure);
    }
    let _ = writeln!(out, "\nTook {} s.", begun.elapsed().as_secs());
    ExitCode::SUCCESS
}

fn print(out: &mut impl Write, figure: &Figure) {
    let Figure { what, goal, measured, plain, note } = figure;
    let _ = writeln!(out, "| {what} | {goal} | {measured} | {plain} | {note} |");
    let _ = out.flush();
}

fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name").and_then(|rest| rest.split(": ").nth(1)));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory = read("/proc/meminfo").lines().next().unwrap_or_default().replace("MemTotal:", "");
    format!("{} × {cores}, memory {}", model.unwrap_or("unknown processor"), memory.trim())
}

/// What the first screen loads: the page, and what it names, as gzip has it.
fn first_screen(pages: &Path) -> Option<Figure> {
    let index = std::fs::read_to_string(pages.join("index.html")).ok()?;
    let mut bytes = 0_u64;
    for part in index.split('"').filter(|part| part.ends_with(".js") || part.ends_with(".css")) {
        let path = pages.join(part.trim_start_matches("./"));
        let out = Command::new("gzip").args(["-9", "-c"]).arg(path).output().ok()?;
        bytes = bytes.saturating_add(u64::try_from(out.stdout.len()).ok()?);
    }
    Some(Figure {
        what: "UI, first screen, JavaScript and styles, gzip".to_owned(),
        goal: "250 KB".to_owned(),
        measured: format!("{} KB", bytes.checked_div(1000)?),
        plain: String::new(),
        note: String::new(),
    })
}
