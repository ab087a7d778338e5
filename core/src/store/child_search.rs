//! What a child is found by: characters of the name, full pinyin, pinyin initials, the tail of the ID
//! number. Each from the name's start and from within, so that 明 finds 王小明, and so does `ming`, `xm`.

use std::collections::BTreeSet;

use pinyin::ToPinyinMulti;
use rusqlite::{Transaction, named_params};

use super::{Reading, sqlite};
use crate::domain::identifier::DocumentId;
use crate::error::Result;

/// Readings of a character that are kept: names rarely need more, and each doubles the terms.
const READINGS_MAX: usize = 3;
/// Combinations of readings of one name that are kept.
const COMBINATIONS_MAX: usize = 12;
/// The longest name that is indexed from within.
const NAME_CHARS_MAX: usize = 24;

/// Surnames whose usual reading is not the character's first (from the usual lists of surname readings).
const SURNAME_READINGS: &[(char, &str)] = &[
    ('单', "shan"),
    ('仇', "qiu"),
    ('解', "xie"),
    ('曾', "zeng"),
    ('查', "zha"),
    ('任', "ren"),
    ('区', "ou"),
    ('朴', "piao"),
    ('盖', "ge"),
    ('翟', "zhai"),
    ('缪', "miao"),
    ('折', "she"),
    ('黑', "he"),
    ('尉', "yu"),
    ('乐', "yue"),
    ('华', "hua"),
    ('秘', "bi"),
    ('冼', "xian"),
    ('种', "chong"),
    ('重', "chong"),
    ('覃', "qin"),
    ('宓', "fu"),
    ('员', "yun"),
    ('晁', "chao"),
    ('繁', "po"),
    ('逄', "pang"),
    ('纪', "ji"),
    ('宁', "ning"),
];

/// A syllable: its full reading and its initial.
type Syllable = String;

fn readings(character: char, is_surname: bool) -> Vec<Syllable> {
    let mut readings: Vec<Syllable> = Vec::new();
    if is_surname && let Some((_, reading)) = SURNAME_READINGS.iter().find(|(surname, _)| *surname == character) {
        readings.push((*reading).to_owned());
    }
    if let Some(all) = character.to_pinyin_multi() {
        for reading in all {
            let plain = reading.plain().replace('ü', "v");
            if !readings.contains(&plain) {
                readings.push(plain);
            }
        }
    } else if character.is_ascii_alphanumeric() {
        readings.push(character.to_ascii_lowercase().to_string());
    }
    readings.truncate(READINGS_MAX);
    readings
}

/// All ways to read a name, the likeliest first; a character without a reading is passed over.
fn spellings(name: &str) -> Vec<Vec<Syllable>> {
    let mut spellings: Vec<Vec<Syllable>> = vec![Vec::new()];
    for (place, character) in name.chars().take(NAME_CHARS_MAX).enumerate() {
        let readings = readings(character, place == 0);
        if readings.is_empty() {
            continue;
        }
        let mut longer = Vec::new();
        for reading in &readings {
            for spelling in &spellings {
                let mut spelling = spelling.clone();
                spelling.push(reading.clone());
                longer.push(spelling);
            }
        }
        longer.truncate(COMBINATIONS_MAX);
        spellings = longer;
    }
    spellings
}

/// The terms of a child with their weight: 0 from the name's start, 1 from within.
fn terms(name: &str, id_number: &str) -> BTreeSet<(String, u8)> {
    let mut terms = BTreeSet::new();
    let mut add = |text: String, place: usize| {
        let weight = u8::from(place > 0);
        if !text.is_empty() && !terms.contains(&(text.clone(), 0)) {
            terms.insert((text, weight));
        }
    };
    let characters: Vec<char> = folded(name).chars().take(NAME_CHARS_MAX).collect();
    for place in 0..characters.len() {
        add(characters.iter().skip(place).collect(), place);
    }
    for spelling in spellings(name) {
        for place in 0..spelling.len() {
            let rest = spelling.iter().skip(place);
            add(rest.clone().map(String::as_str).collect(), place);
            add(rest.filter_map(|syllable| syllable.chars().next()).collect(), place);
        }
    }
    let tail: String = id_number.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect();
    if tail.chars().count() == 4 {
        add(folded(&tail), 0);
    }
    terms
}

/// How a name and what is typed are made alike: lower case, without spaces, dots and apostrophes.
fn folded(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '·' | '•' | '・' | '‧' | '.' | '\'' | '’'))
        .flat_map(char::to_lowercase)
        .collect()
}

/// A name's likeliest pinyin initials, as somebody types them.
#[must_use]
pub fn initials(name: &str) -> String {
    spellings(name)
        .first()
        .map_or_else(String::new, |spelling| spelling.iter().filter_map(|syllable| syllable.chars().next()).collect())
}

/// Writes a child's terms anew.
///
/// # Errors
/// The faults of a store.
pub fn index(tx: &Transaction<'_>, document: DocumentId, name: &str, id_number: &str) -> Result<()> {
    let key = document.as_bytes().as_slice();
    tx.prepare_cached("DELETE FROM child_search WHERE document = :document")
        .and_then(|mut statement| statement.execute(named_params! { ":document": key }))
        .map_err(sqlite)?;
    let mut statement = tx
        .prepare_cached(
            "INSERT INTO child_search (term, weight, document) VALUES (:term, :weight, :document)
             ON CONFLICT DO NOTHING",
        )
        .map_err(sqlite)?;
    for (term, weight) in terms(name, id_number) {
        statement.execute(named_params! { ":term": term, ":weight": weight, ":document": key }).map_err(sqlite)?;
    }
    Ok(())
}

/// A typed text as a range of terms: everything that begins with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermRange {
    /// The text itself.
    pub from: String,
    /// The first text that does not begin with it.
    pub to: String,
}

impl TermRange {
    /// Of what was typed; `None` when nothing of it can be searched for.
    #[must_use]
    pub fn of(typed: &str) -> Option<Self> {
        let from = folded(typed);
        (!from.is_empty()).then(|| Self { to: format!("{from}\u{10FFFF}"), from })
    }
}

/// Whether a place's name is meant by what was typed: by its characters, pinyin or initials.
#[must_use]
pub fn names_place(name: &str, typed: &str) -> bool {
    let Some(range) = TermRange::of(typed) else { return false };
    // One letter means a child, not half of all villages.
    range.from.chars().count() > 1
        && terms(name, "").iter().any(|(term, weight)| *weight == 0 && term.starts_with(&range.from))
}

impl Reading<'_> {
    /// How many children a range of terms finds, counted up to `count_max`.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn count_found(self, range: &TermRange, count_max: u32) -> Result<u32> {
        self.0
            .prepare_cached(
                "SELECT count(DISTINCT document) AS total FROM
                     (SELECT document FROM child_search WHERE term >= :from AND term < :to LIMIT :count_max)",
            )
            .and_then(|mut statement| {
                statement
                    .query_row(named_params! { ":from": range.from, ":to": range.to, ":count_max": count_max }, |row| {
                        row.get("total")
                    })
            })
            .map_err(sqlite)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(name: &str, typed: &str) -> bool {
        let range = TermRange::of(typed).unwrap();
        terms(name, "99999920150901001X").iter().any(|(term, _)| *term >= range.from && *term < range.to)
    }

    #[test]
    fn a_child_is_found_by_characters_pinyin_initials_and_the_tail_of_its_number() {
        for typed in ["王小明", "小明", "明", "wangxiaoming", "xiaom", "ming", "wxm", "xm", "001x", "001X", "Wang Xiao"]
        {
            assert!(finds("王小明", typed), "{typed}");
        }
        for typed in ["李", "wm", "angx", "0010"] {
            assert!(!finds("王小明", typed), "{typed}");
        }
    }

    #[test]
    fn surnames_are_found_by_the_reading_that_people_use() {
        assert!(finds("单雨", "shanyu") && finds("曾雨", "zengyu") && finds("仇雨", "qiuyu"));
        assert!(finds("单雨", "danyu"), "and by the other one");
    }

    #[test]
    fn long_minority_names_are_found_with_and_without_their_dots() {
        assert!(finds("阿依古丽·吐尔逊", "阿依古丽吐尔逊"));
        assert!(finds("阿依古丽·吐尔逊", "吐尔逊"));
        assert!(finds("阿依古丽·吐尔逊", "ayigulitu"));
    }

    #[test]
    fn lü_is_typed_with_v() {
        assert!(finds("吕雨", "lvyu"));
    }

    #[test]
    fn a_village_is_meant_by_its_name_or_initials_but_not_by_one_letter() {
        assert!(names_place("云岭村", "云岭") && names_place("云岭村", "ylc") && names_place("云岭村", "yunling"));
        assert!(!names_place("云岭村", "y"));
    }
}
