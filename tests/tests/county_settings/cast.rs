//! Who changes settings here, and what they ask of the app.

use jiafang_core::api::commands::Commands;
use jiafang_core::api::county_settings::{CountyEditPreview, CountySettings, EditCounty};
use jiafang_core::api::state::Nothing;
use jiafang_core::domain::county_edit::CountyEdit;
use jiafang_core::domain::identifier::DocumentId;
use jiafang_core::domain::place::{ClassId, Place, PlaceCode, Scope};
use jiafang_core::domain::role::Role;
use jiafang_core::error::Result;
use jiafang_tests::kit::person::sync_until_quiet;
use jiafang_tests::kit::{Person, Township};

/// Two clerks of the county's section, a teacher, a child.
pub(crate) struct Cast {
    pub(crate) township: Township,
    pub(crate) chen: Person,
    pub(crate) luo: Person,
    pub(crate) li: Person,
    pub(crate) child: DocumentId,
    pub(crate) village: PlaceCode,
}

impl Cast {
    pub(crate) fn new(seed: u64) -> Self {
        let mut township = Township::new(seed);
        let village = township.village(0);
        let class = township.county.schools[0].classes[0].id.clone();
        let li = township.teacher("李老师", Scope::Class(class.clone()));
        let county = || Scope::Place(PlaceCode::parse("999999").unwrap());
        let mut clerk = |name: &str| {
            let code = township.invites(name, Role::CountySection, county());
            let clerk = township.somebody(name);
            clerk.enrols(&code);
            clerk
        };
        let (chen, luo) = (clerk("陈科员"), clerk("罗科员"));
        let child = li.registers_pupil("石小雨", &village, &class);
        let cast = Self { township, chen, luo, li, child, village };
        cast.it_is("2026-11-23", 9);
        cast.everybody_syncs();
        cast
    }

    pub(crate) fn everybody_syncs(&self) {
        sync_until_quiet(&[&self.chen, &self.luo, &self.li]);
    }

    pub(crate) fn it_is(&self, day: &str, hour: i64) {
        for person in [&self.chen, &self.luo, &self.li] {
            person.clock.shows(day, hour);
        }
        self.township.clock.shows(day, hour);
    }

    /// Both edit without knowing of each other, and arrive in this order.
    pub(crate) fn apart(&self, first: &Person, one: CountyEdit, second: &Person, other: CountyEdit) {
        first.goes_offline();
        second.goes_offline();
        saves(first, one).unwrap();
        saves(second, other).unwrap();
        for person in [first, second] {
            person.gets_signal();
            person.syncs();
        }
        self.everybody_syncs();
    }

    /// A clerk saves an edit who has become the officer of a township, at a desk that has not heard of it yet; then all sync.
    pub(crate) fn saves_without_the_right(&self, edit: CountyEdit) {
        self.everybody_syncs();
        self.chen.goes_offline();
        saves(&self.chen, edit).unwrap();
        self.township.gives("陈科员", Role::TownshipOfficer, Scope::Place(self.township.township()));
        self.chen.gets_signal();
        self.everybody_syncs();
        assert_eq!(self.township.kept_apart(), 1, "the server keeps it apart");
    }

    pub(crate) fn place(&self) -> Place {
        let settings = settings(&self.chen);
        settings.county.places.into_iter().find(|place| place.code == self.village).unwrap()
    }
}

pub(crate) fn settings(person: &Person) -> CountySettings {
    person.app().county_settings(Nothing {}).expect("the settings")
}

pub(crate) fn saves(person: &Person, edit: CountyEdit) -> Result<()> {
    person.app().save_county_edit(EditCounty { edit }).map(drop)
}

pub(crate) fn looks_at(person: &Person, edit: CountyEdit) -> CountyEditPreview {
    person.app().preview_county_edit(EditCounty { edit }).expect("a preview")
}

pub(crate) fn class_of(cast: &Cast) -> ClassId {
    cast.township.county.schools[0].classes[0].id.clone()
}
