//! Figures of casework: the day's list over open cases, and recomputing the cases of a county.

use jiafang_core::api::today;
use jiafang_core::app::casework::Casework;
use jiafang_core::app::device::Device;
use jiafang_core::app::record_absence::record_absence;
use jiafang_core::domain::absence::AbsenceForm;
use jiafang_core::domain::code_list::{AttendanceMark, DayPart};
use jiafang_core::domain::time::Day;
use jiafang_core::store::children::ChildFilter;

use super::device::device_with;
use super::{Figure, percentile, times_ms};

/// Dossiers of a tablet.
const DOSSIERS: usize = 500;
/// Dossiers of a county.
const COUNTY_DOSSIERS: usize = 80_000;

/// The day's list of 500 dossiers, all of them with an open case, and recomputing as many cases as a county has dossiers.
#[must_use]
pub fn days_list_and_county() -> Vec<Figure> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut device = device_with(folder.path(), DOSSIERS, Device::open);
    let limit = u32::try_from(DOSSIERS).unwrap_or(u32::MAX);
    let children = device.store.reading().children(&ChildFilter::default(), 0, limit).expect("children");
    let today = device.environment.now().day();
    for child in &children {
        // Missing, back, missing again, ill, and missing since.
        for (days_ago, mark) in [
            (40, AttendanceMark::Unexcused),
            (36, AttendanceMark::Present),
            (24, AttendanceMark::Unexcused),
            (22, AttendanceMark::Sick),
            (21, AttendanceMark::Present),
            (9, AttendanceMark::Unexcused),
        ] {
            let form = AbsenceForm {
                day: school_day(&device, today.plus_days(-days_ago)),
                until: None,
                part: DayPart::Whole,
                mark,
                note: String::new(),
            };
            record_absence(&mut device, child.document, &form, None).expect("recorded");
        }
    }
    let listed = times_ms(15, || {
        let view = today::view(&device).expect("the day's list");
        assert!(view.overdue.len() + view.due_today.len() + view.soon.len() + view.waiting.len() >= DOSSIERS);
    });
    copies_children_until(&mut device, COUNTY_DOSSIERS);
    let recomputed = times_ms(3, || {
        let all = device.store.reading().all_casework().expect("casework");
        assert!(all.len() >= COUNTY_DOSSIERS);
        let casework = Casework::of(&device);
        for (child, facts) in &all {
            assert!(!casework.cases(facts, &child.leaves).is_empty());
        }
    });
    vec![
        Figure::new(
            "the day's list over 500 dossiers, each with an open case",
            "50 ms",
            format!("{:.1} ms (95th {:.1})", percentile(&listed, 0.5), percentile(&listed, 0.95)),
            "read, folded for today, sorted into cards",
        ),
        Figure::new(
            "recomputing all cases of 80,000 dossiers",
            "60 s on two cores",
            format!("{:.1} s", percentile(&recomputed, 0.5) / 1000.0),
            "read from the store and folded, on one core; six entries a case",
        ),
    ]
}

/// Fills the rows that cases are read from with copies of the children who are here, under ids of their own, until there are so
/// many. The documents behind them are not copied: no case is folded from them.
fn copies_children_until(device: &mut Device, children: usize) {
    let copies = children.div_ceil(DOSSIERS).saturating_sub(1);
    let copied = device.store.transact(|tx| {
        let columns = |table: &str| -> Vec<String> {
            let mut statement = tx.prepare(&format!("SELECT name FROM pragma_table_info('{table}')")).expect("a table");
            let names = statement.query_map([], |row| row.get(0)).expect("columns");
            names.collect::<Result<_, _>>().expect("columns")
        };
        let mut sql = format!(
            "CREATE TEMP TABLE copy AS
                 WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {copies})
                 SELECT child.document AS old, randomblob(16) AS new FROM child, number;"
        );
        for (table, id) in [("document", "id"), ("child", "document"), ("casework", "document")] {
            let columns = columns(table);
            let values: Vec<String> = columns
                .iter()
                .map(|column| if column == id { "copy.new".to_owned() } else { format!("{table}.{column}") })
                .collect();
            sql.push_str(&format!(
                "INSERT INTO {table} ({}) SELECT {} FROM {table} JOIN copy ON copy.old = {table}.{id};",
                columns.join(", "),
                values.join(", ")
            ));
        }
        tx.execute_batch(&sql).expect("copies");
        Ok(())
    });
    copied.expect("copies");
}

fn school_day(device: &Device, day: Day) -> Day {
    Casework::of(device).days(&jiafang_core::domain::place::Leaves::default()).school_day_from(day)
}
