//! The evidence file (就读佐证 1+X, handbook 3.11): what is asked of a child, what is there, the cover sheet, and the children
//! without valid evidence.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::children::{self, ChildRow};
use super::facet_count::FacetCount;
use super::saved::Saved;
use super::timeline::PhotoView;
use super::timeline::Seen;
use crate::app::device::Device;
use crate::app::record_evidence::record_evidence;
use crate::domain::doc::dossier_read;
use crate::domain::dossier::Dossier;
use crate::domain::evidence::{self, EvidenceEntry, EvidenceFile, EvidenceForm, EvidenceState, ProofLine};
use crate::domain::identifier::{DocumentId, DraftId, EntryId};
use crate::domain::ledger::{PlaceNames, evidence_gaps};
use crate::domain::place::{ClassId, PlaceCode};
use crate::domain::time::{Day, Timestamp};
use crate::error::{ErrorCode, Failure, Result};
use crate::spreadsheet::writer::{ColumnKind, Table, TableColumn, write_table};
use crate::store::children::{ChildFilter, FilterPart};

/// The evidence file of a child, today.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct EvidenceView {
    /// `2026–2027`
    pub school_year: String,
    /// The year in which it begins: what [`EvidenceForm::school_year`] takes.
    #[ts(type = "number")]
    pub year: i16,
    /// How it stands.
    pub state: EvidenceState,
    /// The file is whole by rules that hold no more: they count for it until this day.
    pub by_older_until: Option<Day>,
    /// What the child's status asks for, the "1" first.
    pub asked: Vec<AskedView>,
    /// What is on file beyond that, and what has ended and is of no use any more.
    pub others: Vec<ProofView>,
    /// The kinds of proof, those that are asked for first.
    pub kinds: Vec<ProofKindView>,
}

/// One proof that is asked for.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct AskedView {
    /// It is the "1".
    pub is_one: bool,
    /// How it stands.
    pub state: EvidenceState,
    /// Keys of the kinds that answer, the usual one first.
    pub kinds: Vec<String>,
    /// What is on file for it.
    pub proof: Option<ProofView>,
}

/// A proof that is on file: one line, although two people may have put the same paper there.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ProofView {
    /// The key of its kind.
    pub proof: String,
    /// `2026–2027`
    pub school_year: String,
    /// Its entries: more than one when people put the same paper on file without knowing of each other.
    pub entries: Vec<EntryId>,
    /// Who put it there.
    pub person_names: Vec<String>,
    /// When, the first time.
    pub at: Timestamp,
    /// Who issued it.
    pub issued_by: String,
    /// Its number.
    pub number: String,
    /// The last day on which it holds; none: for good.
    pub holds_until: Option<Day>,
    /// How it stands.
    pub state: EvidenceState,
    /// What there is to say.
    pub note: String,
    /// Its pages.
    pub pages: Vec<PhotoView>,
}

/// A kind of proof.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ProofKindView {
    /// Its key.
    pub key: String,
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
    /// The last day on which one holds that is put on file today; none: for good, or as the paper says.
    pub usual_end: Option<Day>,
    /// A last day stands on the paper, and must be written down.
    pub dated: bool,
}

/// Puts a proof on file, or withdraws one.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RecordEvidence {
    /// The dossier.
    pub document_id: DocumentId,
    /// What is recorded.
    pub form: EvidenceForm,
    /// Entries in whose place it stands: of a newer paper, and of a withdrawal.
    #[serde(default)]
    pub replaces: Vec<EntryId>,
    /// The draft of the photographed pages.
    #[serde(default)]
    pub pages: Option<DraftId>,
}

/// Asks for children without valid evidence.
#[derive(Debug, Clone, Default, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
#[ts(export)]
pub struct ListEvidenceGaps {
    /// Only of this place.
    pub place: Option<PlaceCode>,
    /// Only of this class.
    pub class: Option<ClassId>,
    /// Also children whose evidence lapses within so many days.
    pub within_days: u16,
    /// Rows to pass over.
    pub offset: u32,
    /// Rows to give, at most 200.
    pub limit: u32,
}

/// Children without valid evidence.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct EvidenceGaps {
    /// How many there are.
    pub total: u32,
    /// How many in each village, the filter by place left out.
    pub by_village: Vec<FacetCount>,
    /// How many in each class, the filter by class left out.
    pub by_class: Vec<FacetCount>,
    /// A page of them, by village, group and household.
    pub rows: Vec<EvidenceGap>,
}

/// A child without valid evidence.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct EvidenceGap {
    /// The child.
    pub child: ChildRow,
    /// How its evidence stands.
    pub state: EvidenceState,
    /// What is asked for and not there, or ends soon.
    pub gaps: Vec<EvidenceGapWord>,
}

/// One thing that is missing.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct EvidenceGapWord {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
    /// How it stands.
    pub state: EvidenceState,
    /// The day on which it ends or has ended.
    pub holds_until: Option<Day>,
}

/// `2026–2027`
fn year_text(year: i16) -> String {
    format!("{year}–{}", year.saturating_add(1))
}

/// The evidence file of a dossier.
pub(super) fn view(device: &Device, seen: &Seen<'_>, dossier: &Dossier) -> Result<EvidenceView> {
    let county = device.county();
    let versions = county.evidence_versions();
    let today = device.environment.now().day();
    let file = versions.file(&evidence::child(dossier), &evidence::standing(dossier), today);
    let entries: BTreeMap<EntryId, &EvidenceEntry> =
        dossier.evidence.iter().map(|entry| (entry.entry, entry)).collect();
    let mut asked = Vec::new();
    let mut used = Vec::new();
    for one in &file.asked {
        let line = one.line.and_then(|place| file.lines.get(place));
        used.extend(one.line);
        asked.push(AskedView {
            is_one: one.is_one,
            state: one.state(today, file.warn_days),
            kinds: one.kinds.to_vec(),
            proof: line.map(|line| proof_view(seen, dossier, &entries, &file, line, today)).transpose()?,
        });
    }
    let mut others = Vec::new();
    for (_, line) in file.lines.iter().enumerate().filter(|(place, _)| !used.contains(place)) {
        others.push(proof_view(seen, dossier, &entries, &file, line, today)?);
    }
    let year = evidence::school_year(today);
    let mut kinds: Vec<_> = versions.in_force(today).kinds.iter().collect();
    kinds.sort_by_key(|kind| !file.asked.iter().any(|asked| asked.kinds.contains(&kind.key)));
    Ok(EvidenceView {
        school_year: year_text(year),
        year,
        state: file.state(today),
        by_older_until: versions.kept_until(file.rules, today),
        asked,
        others,
        kinds: kinds
            .into_iter()
            .map(|kind| ProofKindView {
                key: kind.key.clone(),
                zh: kind.zh.clone(),
                en: kind.en.clone(),
                usual_end: evidence::usual_end(kind, today),
                dated: kind.dated,
            })
            .collect(),
    })
}

fn proof_view(
    seen: &Seen<'_>,
    dossier: &Dossier,
    entries: &BTreeMap<EntryId, &EvidenceEntry>,
    file: &EvidenceFile<'_>,
    line: &ProofLine,
    today: Day,
) -> Result<ProofView> {
    let own: Vec<&EvidenceEntry> = line.entries.iter().filter_map(|entry| entries.get(entry).copied()).collect();
    let mut person_names: Vec<String> = Vec::new();
    for entry in &own {
        let name = seen.person_name(&entry.actor)?;
        if !person_names.contains(&name) {
            person_names.push(name);
        }
    }
    let of_line =
        |photo: &&crate::domain::dossier::PhotoRecord| photo.visit.is_some_and(|entry| line.entries.contains(&entry));
    Ok(ProofView {
        proof: line.proof.clone(),
        school_year: year_text(line.school_year),
        entries: line.entries.clone(),
        person_names,
        at: own.iter().map(|entry| entry.at).min().unwrap_or_default(),
        issued_by: line.issued_by.clone(),
        number: line.number.clone(),
        holds_until: (!line.lasting).then_some(line.holds_until),
        state: line.state(today, file.warn_days),
        note: own
            .iter()
            .map(|entry| entry.form.note.as_str())
            .filter(|note| !note.is_empty())
            .collect::<Vec<_>>()
            .join(";"),
        pages: dossier.photos.values().filter(of_line).map(|photo| seen.photo(photo)).collect(),
    })
}

/// Puts a proof on file, or withdraws one.
pub(super) fn record(device: &mut Device, request: &RecordEvidence) -> Result<Saved> {
    let replaces = request.replaces.iter().copied().collect();
    record_evidence(device, request.document_id, &request.form, &replaces, request.pages).map(Saved::at)
}

/// Children whose evidence is not whole on a day.
pub(super) fn without_evidence(today: Day, within_days: u16) -> ChildFilter {
    ChildFilter { not_whole_on: Some(today.plus_days(i32::from(within_days))), ..ChildFilter::default() }
}

/// Children without valid evidence.
pub(super) fn gaps(device: &Device, request: &ListEvidenceGaps) -> Result<EvidenceGaps> {
    let reading = device.store.reading();
    let today = device.environment.now().day();
    let county = device.county();
    let versions = county.evidence_versions();
    let mergers = county.mergers();
    let filter = ChildFilter {
        places: request.place.as_ref().map(|place| mergers.codes_of(place)).unwrap_or_default(),
        class: request.class.clone(),
        ..without_evidence(today, request.within_days)
    };
    let limit = request.limit.clamp(1, 200);
    let stored = reading.children(&filter, request.offset, limit)?;
    let ledger: BTreeMap<DocumentId, _> = reading.ledger_rows(&filter, request.offset, limit)?.into_iter().collect();
    let rows = children::rows(device, &stored)
        .into_iter()
        .filter_map(|child| {
            let file = ledger.get(&child.document_id)?.evidence(&versions, today);
            Some(EvidenceGap { state: file.state(today), gaps: gap_words(&file, today), child })
        })
        .collect();
    let names = PlaceNames::of(&county);
    let count = |part, name: &dyn Fn(&str) -> String| -> Result<Vec<FacetCount>> {
        let counts = reading.facet(&filter, part)?;
        Ok(counts.into_iter().map(|(key, count)| FacetCount { name: name(&key), key, count }).collect())
    };
    let class_name = |key: &str| {
        let class = ClassId(key.to_owned());
        if key.is_empty() { String::new() } else { names.school(&class) + &names.class(&class, today) }
    };
    Ok(EvidenceGaps {
        total: reading.count_children(&filter)?,
        by_village: count(FilterPart::Place, &|key| names.place(key))?,
        by_class: count(FilterPart::Class, &class_name)?,
        rows,
    })
}

fn gap_words(file: &EvidenceFile<'_>, today: Day) -> Vec<EvidenceGapWord> {
    file.asked
        .iter()
        .filter_map(|asked| {
            let state = asked.state(today, file.warn_days);
            let held = asked.line.and_then(|place| file.lines.get(place)).map(|line| line.proof.as_str());
            let kind = file.rules.kind(held.or_else(|| asked.kinds.first().map(String::as_str))?)?;
            let holds_until = asked.holds_until;
            let is_gap = !matches!(state, EvidenceState::Complete | EvidenceState::NotAsked);
            // Another kind would do as well.
            let (more_zh, more_en) =
                if held.is_none() && asked.kinds.len() > 1 { ("等", " or the like") } else { ("", "") };
            let (zh, en) = (format!("{}{more_zh}", kind.zh), format!("{}{more_en}", kind.en));
            is_gap.then_some(EvidenceGapWord { zh, en, state, holds_until })
        })
        .collect()
}

/// The cells of the ledger of children without valid evidence, by dossier.
pub(super) fn ledger_rows(device: &Device) -> Result<BTreeMap<DocumentId, Vec<String>>> {
    let today = device.environment.now().day();
    let county = device.county();
    let versions = county.evidence_versions();
    let rows = device.store.reading().ledger_rows(&without_evidence(today, 0), 0, u32::MAX)?;
    Ok(rows
        .into_iter()
        .map(|(document, row)| {
            let file = row.evidence(&versions, today);
            let asked = file.asked.len();
            let held = file.asked.iter().filter(|asked| asked.holds_until.is_some_and(|until| until >= today)).count();
            let lapsed = file.asked.iter().filter_map(|asked| asked.holds_until).filter(|until| *until < today).min();
            let cells = vec![
                evidence_gaps(&file, today).join(";"),
                format!("{held}/{asked}"),
                lapsed.map(|day| day.to_string()).unwrap_or_default(),
            ];
            (document, cells)
        })
        .collect())
}

/// The cover sheet of a child's evidence file (封面目录, handbook 5.5 F11) as a spreadsheet, and how many proofs it lists.
pub(super) fn cover_sheet(device: &Device, id: DocumentId) -> Result<(Vec<u8>, u32)> {
    let reading = device.store.reading();
    let child = reading.child(id)?.ok_or_else(|| Failure::new(ErrorCode::DocumentNotHere, "child"))?;
    let dossier = dossier_read::read(&reading.document(id)?)?;
    let seen = Seen::of(device, id)?;
    let view = view(device, &seen, &dossier)?;
    let county = device.county();
    let names = PlaceNames::of(&county);
    let today = device.environment.now().day();
    let mut rows: Vec<Vec<String>> = Vec::new();
    let name =
        |key: &str| view.kinds.iter().find(|kind| kind.key == key).map_or("", |kind| kind.zh.as_str()).to_owned();
    let asked = view.asked.iter().map(|asked| {
        let group = if asked.is_one { "1" } else { "X" };
        (group, asked.proof.as_ref(), asked.kinds.first().map(String::as_str).unwrap_or_default(), asked.state)
    });
    let others = view.others.iter().map(|proof| ("X", Some(proof), proof.proof.as_str(), proof.state));
    for (place, (group, proof, kind, state)) in asked.chain(others).enumerate() {
        let mut row = vec![place.saturating_add(1).to_string(), group.to_owned()];
        row.push(name(proof.map_or(kind, |proof| proof.proof.as_str())));
        if let Some(proof) = proof {
            row.extend([
                proof.issued_by.clone(),
                proof.number.clone(),
                proof.holds_until.map_or_else(|| "长期".to_owned(), |day| day.to_string()),
                proof.pages.len().to_string(),
                proof.person_names.join("、"),
                proof.at.day().to_string(),
            ]);
        } else {
            row.extend(std::iter::repeat_n(String::new(), 6));
        }
        row.push(state_zh(state).to_owned());
        rows.push(row);
    }
    let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    let class = child.leaves.class.as_ref();
    let school = class.map(|class| names.school(class) + &names.class(class, today)).unwrap_or_default();
    // Who the file is of, before its index; who made and who checked it, after.
    let line = |words: String| vec![String::new(), String::new(), words];
    let head = [
        format!("姓名:{}", child.name),
        format!("户籍:{}{}{}", names.township(&child.leaves), names.village(&child.leaves), child.village_group),
        format!("学校、班级:{school}"),
        format!("就学状态:{}", child.status.zh()),
    ];
    rows.extend(head.into_iter().map(line));
    rows.push(line("整理人(签字):            审核人(签字):            日期:".to_owned()));
    let column = |header: &str, width_chars, kind| TableColumn { header: header.to_owned(), width_chars, kind };
    let bytes = write_table(&Table {
        title: Some(format!("就读佐证“1+X”封面目录({}学年)", view.school_year)),
        sheet_name: "封面目录".to_owned(),
        columns: vec![
            column("序号", 6, ColumnKind::Integer),
            column("类", 6, ColumnKind::Text),
            column("材料名称", 34, ColumnKind::Text),
            column("出具单位", 24, ColumnKind::Text),
            column("编号", 20, ColumnKind::Text),
            column("有效期至", 12, ColumnKind::Date),
            column("页数", 6, ColumnKind::Integer),
            column("登记人", 12, ColumnKind::Text),
            column("登记日期", 12, ColumnKind::Date),
            column("情况", 10, ColumnKind::Text),
        ],
        rows,
        frozen_columns: 0,
    })?;
    Ok((bytes, count))
}

const fn state_zh(state: EvidenceState) -> &'static str {
    match state {
        EvidenceState::NotAsked => "",
        EvidenceState::Complete => "有效",
        EvidenceState::Expiring => "将到期",
        EvidenceState::Expired => "已过期",
        EvidenceState::Missing => "缺",
    }
}
