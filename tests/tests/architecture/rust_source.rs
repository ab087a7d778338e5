//! What a Rust file names: every path in it, with its line, seen through `use` groups, `super` and `self`.
//!
//! Files are read as tokens, so comments and strings count for nothing, and macro bodies count.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// A Rust file with all that it names.
#[derive(Debug)]
pub(crate) struct SourceFile {
    /// The file, from the root of the clone.
    pub(crate) path: String,
    /// Its place in its crate: `core/src/store/open.rs` is `["store", "open"]`.
    pub(crate) module: Vec<String>,
    /// What it names.
    pub(crate) names: Vec<Name>,
}

/// A path as it is named in code. A lone identifier is a path of one segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    /// Its segments; those of the crate itself begin with `crate`.
    pub(crate) segments: Vec<String>,
    /// The line, from 1.
    pub(crate) line: usize,
    /// Whether only tests see it.
    pub(crate) in_test: bool,
}

impl Name {
    /// Whether the path begins with these segments.
    pub(crate) fn begins_with(&self, segments: &[&str]) -> bool {
        self.segments.len() >= segments.len() && self.segments.iter().zip(segments).all(|(a, b)| a == b)
    }

    /// Whether these segments stand one after the other anywhere in the path.
    pub(crate) fn holds(&self, segments: &[&str]) -> bool {
        self.segments.windows(segments.len()).any(|window| window == segments)
    }

    /// As it would be written.
    pub(crate) fn text(&self) -> String {
        self.segments.join("::")
    }
}

/// Reads files given as (path, text). Modules that are declared under `#[cfg(test)]` in one file are tests in
/// the other file, too.
pub(crate) fn read_sources(files: &[(String, String)]) -> Vec<SourceFile> {
    let mut test_modules = Vec::new();
    let mut sources: Vec<(String, SourceFile)> = Vec::new();
    for (path, text) in files {
        let (crate_folder, module) = place_of(path);
        let stream: TokenStream =
            text.parse().unwrap_or_else(|cause| panic!("{path} cannot be read as Rust tokens: {cause}"));
        let mut reader = Reader { module: module.clone(), in_test: false, names: Vec::new(), test_modules: Vec::new() };
        reader.read(&stream.into_iter().collect::<Vec<_>>());
        test_modules.extend(reader.test_modules.into_iter().map(|module| (crate_folder.clone(), module)));
        sources.push((crate_folder, SourceFile { path: path.clone(), module, names: reader.names }));
    }
    for (crate_folder, source) in &mut sources {
        if test_modules.iter().any(|(folder, module)| folder == crate_folder && source.module.starts_with(module)) {
            source.names.iter_mut().for_each(|name| name.in_test = true);
        }
    }
    sources.into_iter().map(|(_, source)| source).collect()
}

/// The crate's source folder and the module path in it.
fn place_of(path: &str) -> (String, Vec<String>) {
    let (folder, inside) = path.split_once("/src/").unwrap_or(("", path));
    let inside = inside.strip_suffix(".rs").unwrap_or(inside);
    let mut module: Vec<String> = inside.split('/').map(str::to_owned).collect();
    if matches!(module.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        module.pop();
    }
    (folder.to_owned(), module)
}

struct Reader {
    module: Vec<String>,
    in_test: bool,
    names: Vec<Name>,
    test_modules: Vec<Vec<String>>,
}

impl Reader {
    fn read(&mut self, trees: &[TokenTree]) {
        let mut at = 0;
        while at < trees.len() {
            if let Some((attribute, after)) = attribute_at(trees, at)
                && is_for_tests(&attribute)
            {
                let end = end_of_item(trees, after);
                let before = std::mem::replace(&mut self.in_test, true);
                self.read(&trees[after..end]);
                self.in_test = before;
                at = end;
                continue;
            }
            match &trees[at] {
                TokenTree::Ident(ident) if ident == "mod" => at = self.read_module(trees, at),
                TokenTree::Ident(_) => at = self.read_path(trees, at, &[]),
                TokenTree::Group(group) => {
                    self.read(&inside(group));
                    at += 1;
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => at += 1,
            }
        }
    }

    /// `mod name { … }` or `mod name;`, beginning at `mod`.
    fn read_module(&mut self, trees: &[TokenTree], at: usize) -> usize {
        let Some(TokenTree::Ident(name)) = trees.get(at + 1) else { return at + 1 };
        self.module.push(plain(&name.to_string()));
        match trees.get(at + 2) {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => self.read(&inside(group)),
            _ if self.in_test => self.test_modules.push(self.module.clone()),
            _ => {}
        }
        self.module.pop();
        at + 3
    }

    /// A path that begins at an identifier; `before` is what a `use` group hangs on.
    fn read_path(&mut self, trees: &[TokenTree], mut at: usize, before: &[String]) -> usize {
        let mut segments = before.to_vec();
        let line = trees[at].span().start().line;
        loop {
            match trees.get(at) {
                Some(TokenTree::Ident(ident)) => segments.push(plain(&ident.to_string())),
                Some(TokenTree::Punct(punct)) if punct.as_char() == '*' && !segments.is_empty() => {
                    segments.push("*".to_owned());
                }
                Some(TokenTree::Group(group))
                    if group.delimiter() == Delimiter::Brace && segments.len() > before.len() =>
                {
                    self.read_use_group(group, &segments);
                    return at + 1;
                }
                // `Vec::<u8>`: the path ends here, what follows is read by itself.
                _ => break,
            }
            at += 1;
            if !is_path_separator(trees, at) {
                break;
            }
            at += 2;
        }
        let segments = self.said_from_the_crate(segments);
        self.names.push(Name { segments, line, in_test: self.in_test });
        at
    }

    /// `{a, b::c, d as e}` after `before::`.
    fn read_use_group(&mut self, group: &Group, before: &[String]) {
        for branch in inside(group).split(|tree| matches!(tree, TokenTree::Punct(punct) if punct.as_char() == ',')) {
            match branch.first() {
                Some(TokenTree::Ident(_)) => {
                    self.read_path(branch, 0, before);
                }
                Some(other) => {
                    let mut segments = before.to_vec();
                    segments.push("*".to_owned());
                    let segments = self.said_from_the_crate(segments);
                    self.names.push(Name { segments, line: other.span().start().line, in_test: self.in_test });
                }
                None => {}
            }
        }
    }

    /// `self::` and `super::` said from the crate's root.
    fn said_from_the_crate(&self, segments: Vec<String>) -> Vec<String> {
        let mut module = self.module.clone();
        let climbs = segments.iter().take_while(|segment| *segment == "super").count();
        let rest = match segments.first().map(String::as_str) {
            Some("self") if segments.len() > 1 => &segments[1..],
            Some("super") => {
                module.truncate(module.len().saturating_sub(climbs));
                &segments[climbs..]
            }
            _ => return segments,
        };
        std::iter::once("crate".to_owned()).chain(module).chain(rest.iter().cloned()).collect()
    }
}

fn inside(group: &Group) -> Vec<TokenTree> {
    group.stream().into_iter().collect()
}

fn plain(ident: &str) -> String {
    ident.strip_prefix("r#").unwrap_or(ident).to_owned()
}

fn is_path_separator(trees: &[TokenTree], at: usize) -> bool {
    let is_colon = |tree: Option<&TokenTree>| matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
    is_colon(trees.get(at)) && is_colon(trees.get(at + 1))
}

/// An attribute that begins here, and where what follows it begins.
fn attribute_at(trees: &[TokenTree], at: usize) -> Option<(Group, usize)> {
    match (trees.get(at)?, trees.get(at + 1)?) {
        (TokenTree::Punct(hash), TokenTree::Group(group))
            if hash.as_char() == '#' && group.delimiter() == Delimiter::Bracket =>
        {
            Some((group.clone(), at + 2))
        }
        _ => None,
    }
}

/// `#[test]`, `#[cfg(test)]`, `#[cfg(all(test, …))]`; not `#[cfg(not(test))]`.
fn is_for_tests(attribute: &Group) -> bool {
    let words: Vec<String> = attribute.stream().into_iter().map(|tree| tree.to_string().replace(' ', "")).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["test"] => true,
        ["cfg", condition] => *condition == "(test)" || condition.starts_with("(all(test,"),
        _ => false,
    }
}

/// Behind the item that begins here: behind its body or its semicolon.
fn end_of_item(trees: &[TokenTree], from: usize) -> usize {
    trees[from..]
        .iter()
        .position(|tree| match tree {
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            TokenTree::Punct(punct) => punct.as_char() == ';',
            TokenTree::Ident(_) | TokenTree::Literal(_) => false,
        })
        .map_or(trees.len(), |offset| from + offset + 1)
}

#[cfg(test)]
pub(crate) mod samples {
    use super::{SourceFile, read_sources};

    /// Files for the tests of the rules.
    pub(crate) fn sources(files: &[(&str, &str)]) -> Vec<SourceFile> {
        let files: Vec<_> = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        read_sources(&files)
    }
}

#[cfg(test)]
mod tests {
    use super::samples::sources;

    fn named(path: &str, text: &str) -> Vec<String> {
        sources(&[(path, text)])[0].names.iter().map(super::Name::text).collect()
    }

    #[test]
    fn use_groups_are_seen_through() {
        let names = named("core/src/domain/visit.rs", "use crate::{store::{self, open}, domain::*, api::a as b};");
        for name in ["crate::store::self", "crate::store::open", "crate::domain::*", "crate::api::a"] {
            assert!(names.iter().any(|named| named == name), "{name} in {names:?}");
        }
    }

    #[test]
    fn super_and_self_are_said_said_from_the_crate() {
        assert!(named("core/src/domain/doc/mod.rs", "use super::super::store::x;").contains(&"crate::store::x".into()));
        assert!(named("core/src/domain/mod.rs", "use self::doc::x;").contains(&"crate::domain::doc::x".into()));
        assert!(
            named("core/src/domain/visit.rs", "mod inner { use super::super::super::store::x; }")
                .contains(&"crate::store::x".into())
        );
    }

    #[test]
    fn comments_and_strings_name_nothing_and_macro_bodies_do() {
        let names =
            named("core/src/a.rs", "// Instant::now\n/* rusqlite */ const A: &str = \"rusqlite\"; x!(a, T::now());");
        assert!(!names.iter().any(|name| name.contains("rusqlite") || name.contains("Instant")), "{names:?}");
        assert!(names.contains(&"T::now".into()), "{names:?}");
    }

    #[test]
    fn what_stands_under_cfg_test_is_a_test_in_this_file_and_in_the_one_that_it_names() {
        let files = sources(&[
            (
                "core/src/a/mod.rs",
                "#[cfg(test)] mod kit; #[cfg(test)]\nmod tests { fn f() { T::now(); } } fn g() { U::now(); }",
            ),
            ("core/src/a/kit.rs", "fn f() { V::now(); }"),
            ("core/src/b.rs", "#[cfg(not(test))] fn f() { W::now(); }"),
        ]);
        let in_test = |name: &str| {
            files.iter().flat_map(|file| &file.names).find(|named| named.text() == name).map(|named| named.in_test)
        };
        assert_eq!(in_test("T::now"), Some(true));
        assert_eq!(in_test("U::now"), Some(false));
        assert_eq!(in_test("V::now"), Some(true));
        assert_eq!(in_test("W::now"), Some(false));
    }

    #[test]
    fn a_name_knows_its_line() {
        assert_eq!(sources(&[("core/src/a.rs", "\n\nuse rusqlite::Connection;\n")])[0].names[1].line, 3);
    }
}
