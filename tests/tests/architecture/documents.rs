//! Rules on the documents.

use crate::finding::Finding;

/// Relative links to files or headings that are not there.
pub(crate) fn dead_links(documents: &[(String, String)], all_paths: &[String]) -> Vec<Finding> {
    let is_there = |path: &str| {
        path.is_empty() || all_paths.iter().any(|known| known == path || known.starts_with(&format!("{path}/")))
    };
    let mut findings = Vec::new();
    for (document, text) in documents {
        for (line, target) in links(text) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (file, heading) = target.split_once('#').unwrap_or((&target, ""));
            let Some(path) = (if file.is_empty() { Some(document.clone()) } else { resolve(document, file) }) else {
                findings.push(Finding::at(document, line, format!("{target} leads out of the clone")));
                continue;
            };
            if !is_there(&path) {
                findings.push(Finding::at(document, line, format!("{target} is not there")));
                continue;
            }
            let pointed_at = documents.iter().find(|(known, _)| *known == path);
            if let Some((_, text)) = pointed_at
                && !heading.is_empty()
                && !headings(text).iter().any(|known| known == heading)
            {
                findings.push(Finding::at(document, line, format!("{target}: no such heading")));
            }
        }
    }
    findings
}

/// The path that `target` means in a document; `None` when it leads out of the clone.
fn resolve(document: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = document.split('/').collect();
    parts.pop();
    if target.starts_with('/') {
        return None;
    }
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The lines that are prose: no code blocks, no comments; code spans are blanked.
fn prose(text: &str) -> Vec<(usize, String)> {
    let mut in_code = false;
    let mut in_comment = false;
    let mut lines = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
            continue;
        }
        in_comment |= line.contains("<!--");
        if !in_code && !in_comment {
            let spans = line.split('`').enumerate().map(|(n, part)| if n % 2 == 0 { part } else { "code" });
            lines.push((number + 1, spans.collect::<Vec<_>>().join("`")));
        }
        in_comment &= !line.contains("-->");
    }
    lines
}

/// The targets of `[…](…)`, `![…](…)`, `[…]: …` and `src="…"`, with their lines.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in prose(text) {
        for (opening, closing) in [("](", ')'), ("src=\"", '"'), ("href=\"", '"')] {
            for (at, _) in line.match_indices(opening) {
                let rest = &line[at + opening.len()..];
                let target = rest.split(closing).next().unwrap_or_default();
                found.push((number, target.split_whitespace().next().unwrap_or_default().to_owned()));
            }
        }
        if let Some((label, target)) = line.split_once("]: ")
            && label.starts_with('[')
        {
            found.push((number, target.split_whitespace().next().unwrap_or_default().to_owned()));
        }
    }
    found
}

/// Headings as links name them: lower case, without punctuation, with hyphens for spaces.
fn headings(text: &str) -> Vec<String> {
    let is_heading = |line: &String| line.trim_start_matches('#').starts_with(' ') && line.starts_with('#');
    let unmarked = text.replace('`', "");
    prose(&unmarked)
        .into_iter()
        .map(|(_, line)| line)
        .filter(is_heading)
        .map(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}

/// Decisions that the index does not link.
pub(crate) fn decisions_not_in_the_index(decisions: &[(String, String)]) -> Vec<Finding> {
    let index = decisions.iter().find(|(path, _)| path.ends_with("/README.md")).map_or("", |(_, text)| text);
    let linked: Vec<String> = links(index).into_iter().map(|(_, target)| target).collect();
    decisions
        .iter()
        .filter_map(|(path, _)| Some((path, path.rsplit('/').next()?)))
        .filter(|(_, name)| *name != "README.md" && !linked.iter().any(|target| target == name))
        .map(|(path, _)| Finding::in_file(path, "is not linked from the index"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::places;

    fn files(files: &[(&str, &str)]) -> Vec<(String, String)> {
        files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
    }

    fn dead(text: &str) -> Vec<String> {
        let documents = files(&[("docs/a.md", text), ("README.md", "# The two commands\n## 怎样开始?\n")]);
        let paths = ["docs/a.md", "README.md", "core/src/lib.rs"].map(str::to_owned);
        places(&dead_links(&documents, &paths))
    }

    #[test]
    fn a_dead_link_is_found_in_every_way_of_writing_it() {
        for text in [
            "see [b](b.md)",
            "![picture](pictures/none.png)",
            "[b]: ./b.md",
            "<img src=\"none.png\">",
            "[up](../../outside.md)",
            "[root](/README.md)",
            "[heading](../README.md#three-commands)",
            "[own heading](#nothing)",
            "[one](../README.md) and [other](b.md)",
        ] {
            assert_eq!(dead(text), ["docs/a.md:1"], "{text}");
        }
    }

    #[test]
    fn a_link_that_leads_somewhere_is_fine() {
        for text in [
            "[b](../README.md) and [c](../core/src/lib.rs) and [a folder](../core/src)",
            "[heading](../README.md#the-two-commands) [chinese](../README.md#怎样开始)",
            "[out](https://example.org/none.md)",
            "`[code](none.md)`",
            "```\n[code](none.md)\n```",
            "<!-- [later](none.md) -->",
            "# Own `heading`\n[here](#own-heading)",
        ] {
            assert_eq!(dead(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn a_decision_that_nobody_would_find_is_found() {
        let decisions = files(&[
            ("docs/decisions/README.md", "- [0001](0001-layout.md)"),
            ("docs/decisions/0001-layout.md", "# Layout"),
            ("docs/decisions/0002-errors.md", "# Errors"),
        ]);
        assert_eq!(places(&decisions_not_in_the_index(&decisions)), ["docs/decisions/0002-errors.md:0"]);
    }
}
