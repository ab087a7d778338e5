//! The figures of BENCHMARKS.md, measured on this machine. `./dev bench` builds it in release and runs it.

use std::io::Write;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

use clap::Parser;
use jiafang_tests::benchmarks::{
    Figure, casework, device, first_copy, repair, roster, round, server, sync, transition,
};

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

#[cfg(target_os = "linux")]
use jiafang_tests::benchmarks::bad_links::edge;

#[cfg(not(target_os = "linux"))]
fn edge() -> Vec<Figure> {
    Vec::new()
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
    let suites: [Suite; 14] = [
        ("device", device::first_page_and_visit),
        ("search", device::search),
        ("casework", casework::days_list_and_county),
        ("round", round::villages),
        ("transition", transition::balance_of_a_county),
        ("photo", device::photo),
        ("roster", roster::import),
        ("sync", sync::a_day_and_idle),
        ("real time", sync::real_time),
        ("first copy", first_copy::by_packs),
        ("comparison", repair::compared),
        ("server", || server::of_a_county(server::Extent::COUNTY)),
        ("small", || server::of_a_county(server::Extent::SMALL)),
        ("edge", edge),
    ];
    for (name, suite) in suites {
        // The small county shows that the bench works, and nothing else.
        if !name.contains(&arguments.only) || (name == "small" && arguments.only != "small") {
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

/// What the first screen of a teacher loads, as gzip has it: the page with what it names, which has the screen of today in
/// it, the words of her language, and all that these import; the styles of each part go with it.
fn first_screen(pages: &Path) -> Option<Figure> {
    let index = std::fs::read_to_string(pages.join("index.html")).ok()?;
    let named = |text: &str| -> Vec<String> {
        let parts = text.split('"').filter(|part| part.ends_with(".js") || part.ends_with(".css"));
        parts.filter_map(|part| part.rsplit('/').next()).map(str::to_owned).collect()
    };
    let assets = pages.join("assets");
    let files: Vec<String> =
        std::fs::read_dir(&assets).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    let mut waiting = named(&index);
    waiting.extend(files.iter().filter(|file| file.starts_with("chinese-")).cloned());
    let mut loaded = std::collections::BTreeSet::new();
    while let Some(file) = waiting.pop() {
        if !loaded.insert(file.clone()) {
            continue;
        }
        let Some((stem, _)) = file.strip_suffix(".js").and_then(|name| name.rsplit_once('-')) else { continue };
        waiting.extend(files.iter().filter(|other| other.starts_with(stem) && other.ends_with(".css")).cloned());
        let text = std::fs::read_to_string(assets.join(&file)).ok()?;
        // Static imports stand before everything else: `import{…}from"./x.js";import"./y.js";`
        let imports = text.split(';').take_while(|statement| statement.starts_with("import"));
        waiting.extend(imports.flat_map(named));
    }
    let mut bytes = 0_u64;
    for file in &loaded {
        let out = Command::new("gzip").args(["-9", "-c"]).arg(assets.join(file)).output().ok()?;
        bytes = bytes.saturating_add(u64::try_from(out.stdout.len()).ok()?);
    }
    Some(Figure {
        what: "UI, first screen, JavaScript and styles, gzip".to_owned(),
        goal: "250 KB".to_owned(),
        measured: format!("{} KB", bytes.checked_div(1000)?),
        plain: String::new(),
        note: format!("{} files", loaded.len()),
    })
}
