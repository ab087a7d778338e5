//! Rules on the text of files, whatever their language.

use crate::finding::Finding;

/// The longest file that a person still reads.
const LINES_MAX: usize = 600;

/// Whether a file has a length limit.
pub(crate) fn has_a_limit(path: &str) -> bool {
    [".rs", ".ts", ".vue", ".sh", ".mjs", ".js", ".css", ".scss", ".sass"].iter().any(|ending| path.ends_with(ending))
        || matches!(path, "dev" | ".ci/run")
}

/// Files over the limit.
pub(crate) fn longer_than_the_limit(files: &[(String, String)]) -> Vec<Finding> {
    files
        .iter()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > LINES_MAX)
        .map(|(path, lines)| Finding::in_file(path, format!("{lines} lines, {LINES_MAX} at most")))
        .collect()
}

/// Beginnings of paths that only one machine has, and of paths out of the clone. Cut in two, so that this file
/// does not find itself.
const MACHINE_PATHS: &[&str] = &[
    concat!("/ro", "ot/"),
    concat!("/wo", "rk/"),
    concat!("/ho", "me/"),
    concat!("/Use", "rs/"),
    concat!("C:\\Use", "rs\\"),
    concat!("../sha", "red/"),
];

/// Absolute paths of one machine.
pub(crate) fn machine_paths(files: &[(String, String)]) -> Vec<Finding> {
    // The user interface may well have a folder of that name of its own.
    let is_own = |path: &str, needle: &str| needle.starts_with("..") && path.starts_with("ui/");
    each_line(files, |path, line| {
        MACHINE_PATHS
            .iter()
            .find(|needle| !is_own(path, needle) && begins_a_word(line, needle))
            .map(|needle| format!("names {needle}"))
    })
}

/// Whether `needle` stands in the line and is not the tail of a longer path or word.
fn begins_a_word(line: &str, needle: &str) -> bool {
    line.match_indices(needle).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|before| !(before.is_alphanumeric() || "._-/}*$".contains(before)))
    })
}

/// Where packages come from, cut in two likewise.
const REGISTRY_HOSTS: &[&str] = &[
    concat!("index.cra", "tes.io"),
    concat!("static.cra", "tes.io"),
    concat!("registry.npm", "js.org"),
    concat!("registry.yarn", "pkg.com"),
    concat!("npm", "mirror.com"),
    concat!("py", "pi.org"),
    concat!("python", "hosted.org"),
    concat!("debian", ".org/debian"),
    concat!("deb.deb", "ian.org"),
    concat!("rust", "proxy.cn"),
];

/// Hosts of package registries, and settings that choose one.
pub(crate) fn registry_hosts(files: &[(String, String)]) -> Vec<Finding> {
    each_line(files, |path, line| {
        if let Some(host) = REGISTRY_HOSTS.iter().find(|host| line.contains(*host)) {
            return Some(format!("names {host}"));
        }
        let line = line.trim_start();
        let chooses = match path.rsplit('/').next() {
            Some("package-lock.json") => line.starts_with("\"resolved\": \"http"),
            Some(".npmrc") => line.starts_with("registry") || line.contains(":registry"),
            Some("config.toml") => line.starts_with("[source.") || line.starts_with("[registries"),
            _ => false,
        };
        chooses.then(|| "chooses a registry".to_owned())
    })
}

/// Endings of packages and programs, which no one reads.
const BINARIES: &[&str] = &[
    "whl", "crate", "tgz", "gz", "xz", "zst", "br", "zip", "7z", "jar", "deb", "rpm", "apk", "exe", "dll", "so",
    "dylib", "a", "o",
];

/// Packages and programs among the tracked files.
pub(crate) fn packages_and_programs(paths: &[String]) -> Vec<Finding> {
    paths
        .iter()
        .filter(|path| {
            path.rsplit('/')
                .next()
                .and_then(|name| name.rsplit_once('.'))
                .is_some_and(|(_, ending)| BINARIES.contains(&ending))
        })
        .map(|path| Finding::in_file(path, "a package or a program"))
        .collect()
}

/// Profiles that abort on panic.
pub(crate) fn aborts_on_panic(manifests: &[(String, String)]) -> Vec<Finding> {
    each_line(manifests, |_, line| {
        let setting: String = line.split('#').next().unwrap_or_default().split_whitespace().collect();
        (setting.starts_with("panic=") && setting.contains("abort")).then(|| "panic = \"abort\"".to_owned())
    })
}

/// Imports of Tauri, and uses of its globals, outside of `ui/src/backend/`.
pub(crate) fn tauri_outside_of_the_backend(files: &[(String, String)]) -> Vec<Finding> {
    let is_code = |path: &str| [".ts", ".mts", ".vue", ".js", ".mjs"].iter().any(|ending| path.ends_with(ending));
    let files: Vec<_> =
        files.iter().filter(|(path, _)| is_code(path) && !path.starts_with("ui/src/backend/")).cloned().collect();
    each_line(&files, |_, line| {
        let imports =
            ["\"@tauri-apps", "'@tauri-apps", "`@tauri-apps", "__TAURI"].iter().any(|needle| line.contains(needle));
        imports.then(|| line.trim().to_owned())
    })
}

/// Pages that ask their own clock which day it is, for a form or a rule. How a moment looks is told by `ui/src/look/dates.ts`.
pub(crate) fn own_today(files: &[(String, String)]) -> Vec<Finding> {
    let files: Vec<_> = files.iter().filter(|(path, _)| path != "ui/src/look/dates.ts").cloned().collect();
    each_line(&files, |_, line| line.contains("dayOf(Date.now())").then(|| line.trim().to_owned()))
}

fn each_line(files: &[(String, String)], found: impl Fn(&str, &str) -> Option<String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in files {
        for (number, line) in text.lines().enumerate() {
            if let Some(what) = found(path, line) {
                findings.push(Finding::at(path, number + 1, what));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::places;

    fn file(path: &str, text: &str) -> Vec<(String, String)> {
        vec![(path.to_owned(), text.to_owned())]
    }

    #[test]
    fn a_file_of_601_lines_is_found_and_one_of_600_is_not() {
        assert_eq!(longer_than_the_limit(&file("a.rs", &"x\n".repeat(601))).len(), 1);
        assert_eq!(longer_than_the_limit(&file("a.rs", &"x\n".repeat(600))), []);
        assert!(has_a_limit("ui/src/App.vue") && has_a_limit("dev") && !has_a_limit("Cargo.lock"));
    }

    #[test]
    fn a_path_of_one_machine_is_found() {
        for needle in MACHINE_PATHS {
            assert_eq!(
                places(&machine_paths(&file("a.md", &format!("fine\nsee `{needle}x`")))),
                ["a.md:2"],
                "{needle}"
            );
        }
    }

    #[test]
    fn words_that_look_like_a_path_are_fine() {
        for text in [
            concat!("net", "/wo", "rk/x"),
            concat!("$HO", "ME/wo", "rk/"),
            concat!("{root}", "/ho", "me/"),
            "/homework/",
        ] {
            assert_eq!(machine_paths(&file("a.md", text)), [], "{text}");
        }
    }

    #[test]
    fn a_registry_is_found_by_its_host_or_by_the_setting() {
        for host in REGISTRY_HOSTS {
            assert_eq!(registry_hosts(&file("a.sh", &format!("curl {host}"))).len(), 1, "{host}");
        }
        assert_eq!(
            registry_hosts(&file("ui/package-lock.json", "  \"resolved\": \"http://mirror.example/a.tgz\",")).len(),
            1
        );
        assert_eq!(registry_hosts(&file("ui/.npmrc", "registry=http://mirror.example")).len(), 1);
        assert_eq!(registry_hosts(&file(".cargo/config.toml", "[source.mirror]")).len(), 1);
        assert_eq!(registry_hosts(&file("ui/.npmrc", "omit-lockfile-registry-resolved=true")), []);
    }

    #[test]
    fn a_package_in_the_tree_is_found() {
        let paths = ["some-1.0-py3-none-any.whl", "tools/x.tar.gz", "tests/fixtures/roster.xlsx", ".gitignore"]
            .map(str::to_owned);
        assert_eq!(packages_and_programs(&paths).len(), 2);
    }

    #[test]
    fn a_profile_that_aborts_is_found_and_a_comment_on_it_is_not() {
        assert_eq!(aborts_on_panic(&file("Cargo.toml", "[profile.release]\npanic='abort'\n")).len(), 1);
        assert_eq!(aborts_on_panic(&file("Cargo.toml", "# never panic = \"abort\"\npanic = \"unwind\"")), []);
    }

    #[test]
    fn a_page_that_asks_its_own_clock_for_the_day_is_found() {
        let asks = "const on = ref(dayOf(Date.now()))";
        assert_eq!(own_today(&file("ui/src/pages/Form.vue", asks)).len(), 1);
        assert_eq!(own_today(&file("ui/src/pages/Form.vue", "const on = ref(today())")), []);
        assert_eq!(own_today(&file("ui/src/look/dates.ts", asks)), []);
    }

    #[test]
    fn tauri_in_a_page_is_found_and_in_the_backend_is_not() {
        let import = "import { invoke } from '@tauri-apps/api/core'";
        assert_eq!(tauri_outside_of_the_backend(&file("ui/src/pages/Today.vue", import)).len(), 1);
        assert_eq!(
            tauri_outside_of_the_backend(&file("ui/src/main.ts", "if (window.__TAURI_INTERNALS__) {}")).len(),
            1
        );
        assert_eq!(tauri_outside_of_the_backend(&file("ui/src/backend/tauri.ts", import)), []);
        assert_eq!(tauri_outside_of_the_backend(&file("ui/package.json", "\"@tauri-apps/api\": \"2.12.5\"")), []);
    }
}
