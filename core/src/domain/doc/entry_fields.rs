//! The fields of an entry, read into its form by what the form asks for.
//!
//! An entry holds text as text, and what belongs together as one (companions, signatures, a list of reasons) as JSON in a
//! text. Which of the two a text is, the form knows and the text does not: a note may look like a list. So nothing is
//! guessed from the text; it is parsed only where the form has a list or a record in that place.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::value::{MapDeserializer, StrDeserializer};
use serde::de::{Deserializer, Error as _, IntoDeserializer, Visitor};

/// What went wrong; nobody is told, since what cannot be read is left out.
type Error = serde::de::value::Error;

/// One value, as a document holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FieldValue {
    /// A text, or JSON in a text.
    Text(String),
    /// Yes or no.
    Answer(bool),
    /// A number or a moment in milliseconds.
    Number(i64),
}

/// The fields of an entry by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct EntryFields(BTreeMap<String, FieldValue>);

impl EntryFields {
    pub(super) fn insert(&mut self, name: String, value: FieldValue) {
        self.0.insert(name, value);
    }

    /// The form, or nothing where this version does not know one of its words: for entries that decide over something.
    pub(super) fn strictly<'de, T: Deserialize<'de>>(&'de self) -> Option<T> {
        T::deserialize(Self::reader(self.0.iter())).ok()
    }

    /// The form; fields that this version cannot read are left empty rather than losing the rest.
    pub(super) fn leniently<'de, T: Deserialize<'de> + Default>(&'de self) -> T {
        if let Some(form) = self.strictly() {
            return form;
        }
        let known = self.0.iter().filter(|field| {
            let (name, value): (&'de String, &'de FieldValue) = *field;
            T::deserialize(Self::reader(std::iter::once((name, value)))).is_ok()
        });
        T::deserialize(Self::reader(known)).unwrap_or_default()
    }

    fn reader<'de>(
        fields: impl Iterator<Item = (&'de String, &'de FieldValue)>,
    ) -> MapDeserializer<'de, impl Iterator<Item = (&'de str, &'de FieldValue)>, Error> {
        MapDeserializer::new(fields.map(|(name, value)| (name.as_str(), value)))
    }
}

impl<'de> IntoDeserializer<'de, Error> for &'de FieldValue {
    type Deserializer = FieldReader<'de>;

    fn into_deserializer(self) -> FieldReader<'de> {
        FieldReader(self)
    }
}

/// Gives a value as what the form asks for.
pub(super) struct FieldReader<'de>(&'de FieldValue);

impl FieldReader<'_> {
    /// What belongs together as one.
    fn together(&self) -> Result<serde_json::Value, Error> {
        match self.0 {
            FieldValue::Text(text) => serde_json::from_str(text).map_err(Error::custom),
            FieldValue::Answer(_) | FieldValue::Number(_) => Err(Error::custom("no list and no record")),
        }
    }
}

impl<'de> Deserializer<'de> for FieldReader<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            FieldValue::Text(text) => visitor.visit_borrowed_str(text),
            FieldValue::Answer(answer) => visitor.visit_bool(*answer),
            FieldValue::Number(number) => visitor.visit_i64(*number),
        }
    }

    /// What stands there is there: an empty field is left out.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    /// A key of a code list.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            FieldValue::Text(text) => {
                let key: StrDeserializer<'_, Error> = text.as_str().into_deserializer();
                key.deserialize_enum(name, variants, visitor)
            }
            FieldValue::Answer(_) | FieldValue::Number(_) => Err(Error::custom("no key of a code list")),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.together()?.deserialize_seq(visitor).map_err(Error::custom)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.together()?.deserialize_map(visitor).map_err(Error::custom)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.together()?.deserialize_struct(name, fields, visitor).map_err(Error::custom)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct tuple
        tuple_struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Serialize;

    use super::*;
    use crate::domain::code_list::VisitMode;
    use crate::domain::time::{Day, Timestamp};

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Form {
        note: String,
        at: Option<Timestamp>,
        day: Option<Day>,
        mode: Option<VisitMode>,
        seen: Option<bool>,
        lines: Vec<Vec<u16>>,
        names: Vec<String>,
    }

    fn fields(of: &[(&str, FieldValue)]) -> EntryFields {
        EntryFields(of.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
    }

    fn text(text: &str) -> FieldValue {
        FieldValue::Text(text.to_owned())
    }

    #[test]
    fn each_field_is_read_as_what_its_form_asks_for() {
        let read: Form = fields(&[
            ("note", text("[1]")),
            ("at", FieldValue::Number(1_795_400_000_000)),
            ("day", text("2026-11-23")),
            ("mode", text("at_home")),
            ("seen", FieldValue::Answer(false)),
            ("lines", text("[[0,1],[2,3]]")),
            ("names", text(r#"["[]"]"#)),
            ("fromANewerVersion", text("[")),
        ])
        .strictly()
        .unwrap();
        assert_eq!(
            read,
            Form {
                note: "[1]".to_owned(),
                at: Some(Timestamp::from_unix_ms(1_795_400_000_000)),
                day: Day::parse("2026-11-23"),
                mode: Some(VisitMode::AtHome),
                seen: Some(false),
                lines: vec![vec![0, 1], vec![2, 3]],
                names: vec!["[]".to_owned()],
            }
        );
    }

    #[test]
    fn a_word_of_a_newer_version_costs_its_own_field_and_a_strict_form_whole() {
        let newer = fields(&[("note", text("家长在外")), ("mode", text("by_drone")), ("names", text("not a list"))]);
        assert_eq!(newer.strictly::<Form>(), None);
        assert_eq!(newer.leniently::<Form>(), Form { note: "家长在外".to_owned(), ..Form::default() });
    }

    proptest! {
        #[test]
        fn no_text_is_read_as_anything_but_itself(note in "\\PC{0,30}|[\\[\\]{}\",:0-9a-z ]{0,12}") {
            let read: Form = fields(&[("note", text(&note))]).leniently();
            prop_assert_eq!(read.note, note);
        }
    }
}
