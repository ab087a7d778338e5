//! Migrations are frozen once landed: `CHECKSUMS` beside them holds what `sha256sum` says of each.
//!
//! While the list is missing or empty, nothing has landed and the first migrations may still be shaped. From
//! its first line on, every migration must stand in it.

use std::collections::{BTreeMap, BTreeSet};

use jiafang_core::domain::identifier::Hash32;

use crate::finding::Finding;

/// Landed migrations that changed or went, migrations that are not in the list, and numbers that are missing or
/// stand twice. `files` are those of the folder.
pub(crate) fn changed_after_landing(folder: &str, files: &[(String, String)]) -> Vec<Finding> {
    let list_path = format!("{folder}CHECKSUMS");
    let list = files.iter().find(|(path, _)| *path == list_path).map_or("", |(_, text)| text);
    let migrations: BTreeMap<&str, &str> = files
        .iter()
        .filter(|(path, _)| path.ends_with(".sql"))
        .filter_map(|(path, text)| Some((path.strip_prefix(folder)?, text.as_str())))
        .collect();
    let mut findings = Vec::new();
    let mut listed = BTreeSet::new();
    for (number, line) in list.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let Some((hash, name)) = line.split_once("  ") else {
            findings.push(Finding::at(&list_path, number + 1, "no line of sha256sum"));
            continue;
        };
        listed.insert(name);
        match migrations.get(name) {
            None => findings.push(Finding::at(&list_path, number + 1, format!("{name} is gone"))),
            Some(text) if Hash32::of(text.as_bytes()).to_string() != hash => {
                findings.push(Finding::in_file(&format!("{folder}{name}"), "was changed after it had landed"));
            }
            Some(_) => {}
        }
    }
    if !listed.is_empty() {
        for name in migrations.keys().filter(|name| !listed.contains(*name)) {
            findings.push(Finding::in_file(&format!("{folder}{name}"), "does not stand in CHECKSUMS"));
        }
    }
    for (place, name) in migrations.keys().enumerate() {
        let number = format!("{:04}_", place + 1);
        if !name.starts_with(&number) {
            findings.push(Finding::in_file(&format!("{folder}{name}"), format!("its number should be {number}")));
            break;
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "CREATE TABLE place (code TEXT NOT NULL) STRICT;\n";

    fn check(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<_> = files.iter().map(|(name, text)| (format!("m/{name}"), (*text).to_owned())).collect();
        changed_after_landing("m/", &files).iter().map(ToString::to_string).collect()
    }

    fn line(name: &str, text: &str) -> String {
        format!("{}  {name}\n", Hash32::of(text.as_bytes()))
    }

    #[test]
    fn the_list_is_what_sha256sum_prints() {
        assert_eq!(line("x", ""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  x\n");
    }

    #[test]
    fn a_landed_migration_that_changed_by_a_blank_is_found() {
        let list = line("0001_first.sql", FIRST);
        assert_eq!(check(&[("CHECKSUMS", &list), ("0001_first.sql", FIRST)]), Vec::<String>::new());
        let changed = format!("{FIRST} ");
        assert_eq!(
            check(&[("CHECKSUMS", &list), ("0001_first.sql", &changed)]),
            ["m/0001_first.sql: was changed after it had landed"]
        );
    }

    #[test]
    fn a_landed_migration_that_went_or_was_renamed_is_found() {
        let list = line("0001_first.sql", FIRST);
        assert_eq!(check(&[("CHECKSUMS", &list)]), ["m/CHECKSUMS:1: 0001_first.sql is gone"]);
        assert_eq!(check(&[("CHECKSUMS", &list), ("0001_start.sql", FIRST)]).len(), 2);
    }

    #[test]
    fn a_migration_beside_the_list_is_found() {
        let list = line("0001_first.sql", FIRST);
        assert_eq!(
            check(&[("CHECKSUMS", &list), ("0001_first.sql", FIRST), ("0002_second.sql", FIRST)]),
            ["m/0002_second.sql: does not stand in CHECKSUMS"]
        );
    }

    #[test]
    fn before_anything_has_landed_the_list_may_be_empty_or_missing() {
        assert_eq!(check(&[]), Vec::<String>::new());
        assert_eq!(check(&[("0001_first.sql", FIRST)]), Vec::<String>::new());
        assert_eq!(check(&[("CHECKSUMS", "\n"), ("0001_first.sql", FIRST)]), Vec::<String>::new());
    }

    #[test]
    fn a_gap_or_a_double_in_the_numbers_is_found() {
        assert_eq!(
            check(&[("0001_a.sql", FIRST), ("0003_b.sql", FIRST)]),
            ["m/0003_b.sql: its number should be 0002_"]
        );
        assert_eq!(
            check(&[("0001_a.sql", FIRST), ("0001_b.sql", FIRST)]),
            ["m/0001_b.sql: its number should be 0002_"]
        );
    }

    #[test]
    fn a_list_that_cannot_be_read_is_found() {
        assert_eq!(check(&[("CHECKSUMS", "0001_first.sql")]), ["m/CHECKSUMS:1: no line of sha256sum"]);
    }
}
