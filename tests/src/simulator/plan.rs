//! The plan of a simulation: people, tablets and steps, all drawn from one seed before anything runs. Running it draws
//! nothing more, so a step can be left out and the rest stays what it was.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// How large plans are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// 3 to 6 tablets, some twenty steps: many seeds a minute.
    Small,
    /// 3 to 40 tablets, one plan in two hundred with more than a hundred; up to 150 steps.
    Whole,
}

/// A plan.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What it was drawn from.
    pub seed: u64,
    /// Tablets and desks that are enrolled before the first step. The first is the desk of the township's coordinator.
    pub people: Vec<Post>,
    /// Children whom the coordinator registers before the first step.
    pub children: u32,
    /// Somebody among the enrolled has taken their device apart and speaks the protocol by hand.
    pub stranger: bool,
    /// What happens.
    pub steps: Vec<Step>,
}

/// What somebody answers for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Post {
    /// The coordinator of the whole township, at a desk.
    Coordinator,
    /// A class teacher for one village.
    TeacherOfVillage(u8),
    /// A class teacher for two villages.
    TeacherOfTwo(u8, u8),
    /// A records clerk of the whole township, at a desk.
    Clerk,
    /// Somebody of the county who only looks.
    Lead,
}

/// A step: somebody does something, and something may befall it.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its place in the plan as it was drawn.
    pub number: u32,
    /// Minutes since the step before.
    pub minutes: u32,
    /// Whose tablet: the number of one, counted round.
    pub tablet: u32,
    /// What is done.
    pub act: Act,
    /// The app is killed at this row that it writes to its store.
    pub dies_at_write: Option<u16>,
    /// The app is killed when it is done.
    pub dies_afterwards: bool,
    /// The disk has so many pages left while it is done.
    pub pages_left: Option<u16>,
    /// What befalls the calls over the link, by their number.
    pub calls: Vec<(u8, CallFault)>,
}

/// What is done. Numbers of children, tablets and backups are counted round among those that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// A visit is recorded, with so many photos; to several children of the tablet as one visit.
    Visit {
        /// Which child.
        child: u32,
        /// How many more children are visited with it.
        siblings: u8,
        /// How many photos.
        photos: u8,
    },
    /// A field is changed.
    Field {
        /// Which child.
        child: u32,
        /// Which field.
        field: u8,
        /// Which value.
        value: u8,
    },
    /// A schooling status is recorded.
    Status {
        /// Which child.
        child: u32,
        /// Which status.
        status: u8,
    },
    /// A guardian is added.
    Guardian {
        /// Which child.
        child: u32,
    },
    /// A child is registered that no roster had.
    Register {
        /// In which village.
        village: u8,
    },
    /// Something of casework is recorded.
    Casework {
        /// What.
        what: CaseworkAct,
        /// Of which child.
        child: u32,
        /// Of which village.
        village: u8,
    },
    /// The first conflict of a child is settled.
    Settle {
        /// Which child.
        child: u32,
        /// Which of the values is chosen.
        choice: u8,
    },
    /// The child is moved to another village.
    Move {
        /// Which child.
        child: u32,
        /// To which village.
        village: u8,
    },
    /// The person decides over what one device wrote of one child and waits apart.
    Decide {
        /// Which case.
        which: u8,
        /// Into the log, or back to its author.
        accept: bool,
    },
    /// The county's administration decides over something that waits.
    OfficeDecides {
        /// Which envelope.
        which: u8,
        /// Into the log, or back to its author.
        accept: bool,
    },
    /// A visit that came back is handed in again.
    HandIn {
        /// Which of those that came back.
        which: u8,
    },
    /// The person lets device and server compare.
    Compare {
        /// Which dossier has lost what its envelopes hold, before; none when there is no such number.
        broken: Option<u32>,
    },
    /// The tablet syncs.
    Sync,
    /// Everybody syncs, one after the other.
    EverybodySyncs,
    /// The app is closed and opened again.
    Restart,
    /// The tablet's clock is set wrong, by so many days.
    Clock {
        /// Days ahead; behind when negative.
        days: i32,
    },
    /// A backup of the server is made.
    Backup,
    /// The server's disk breaks, and a backup takes its place.
    Restore {
        /// Which, counted from the newest.
        age: u8,
    },
    /// The tablet's folder is copied to another tablet, and both go on.
    Clone,
    /// The office shuts the tablet out.
    Revoke,
    /// The office gives the person another post.
    NewPost {
        /// Which.
        post: Post,
    },
    /// Somebody new is enrolled.
    Newcomer {
        /// As what.
        post: Post,
    },
    /// A request that went out long ago arrives (again).
    OldRequest {
        /// Which of those that the tablet has sent.
        which: u8,
    },
    /// The server's disk is full from now on, or is tidied up.
    ServerDisk {
        /// Pages left; tidied up when there is no number.
        pages_left: Option<u8>,
    },
    /// The stranger sends what no app sends.
    Hostile {
        /// What.
        what: HostileAct,
        /// Where in it.
        at: u16,
    },
}

/// What is recorded besides visits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseworkAct {
    /// An absence of today.
    Absence {
        /// Which mark.
        mark: u8,
    },
    /// A record of the child's case.
    Record {
        /// Which kind.
        kind: u8,
    },
    /// How the child was found at a household.
    Check {
        /// How.
        found: u8,
    },
    /// How far a village is: a document of the village's own.
    Road {
        /// On foot.
        walk_minutes: u8,
    },
    /// A danger to the child: an annex of its own, which leaves the tablet of who may not see annexes.
    Danger,
}

/// What the stranger sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostileAct {
    /// Bytes without any sense.
    Noise,
    /// A right request with a bit turned.
    TurnedBit,
    /// An envelope whose change is noise.
    NoChange,
    /// A change that was altered and given its checksum again: what can make Automerge panic.
    Poison,
    /// A change without what it builds on.
    Orphan,
    /// Two envelopes under one counter.
    Fork,
    /// An envelope whose counter leaves a gap.
    Gap,
    /// A change under the actor of somebody else.
    ForeignActor,
    /// A dossier under leaves that are not its own.
    WrongLeaves,
    /// Two changes under one number of one actor.
    SameNumber,
    /// A signature that does not fit.
    Unsigned,
    /// Photo parts that nobody offered, at the wrong place, of the wrong hash.
    PhotoParts,
}

/// What befalls a call over the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallFault {
    /// The request does not arrive; it may later.
    RequestCut,
    /// The request arrives, the answer does not.
    AnswerCut,
    /// The request arrives twice.
    Twice,
    /// Somebody else's whole sync comes in between.
    OtherSyncsBefore(u8),
    /// The same, between request and answer.
    OtherSyncsBetween(u8),
    /// The person records a visit while the answer is on its way.
    RecordsMeanwhile(u32),
    /// The app is killed before the request goes out.
    DiesBefore,
    /// The app is killed after the server has done its part and before the answer is stored.
    DiesBetween,
    /// The server is killed at this row that it writes.
    ServerDies(u8),
    /// The server is killed when it has done its part, before it answers.
    ServerDiesAfter,
    /// The answer comes cut, altered, or as something else.
    BadAnswer(BadAnswer, u16),
}

/// How an answer is spoilt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadAnswer {
    /// Its end is missing.
    Cut,
    /// Other bytes came: a portal answered.
    Noise,
    /// A bit is turned.
    TurnedBit,
    /// An envelope in it has a signature that does not fit.
    ForgedEnvelope,
    /// A register entry in it does not follow.
    ForgedRegister,
    /// It acknowledges what was not offered.
    ReceiptForNothing,
}

/// Lots from a seed.
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// From 0 to `bound - 1`.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        let wide = u64::from(self.0.next_u32()).wrapping_mul(u64::from(bound));
        u32::try_from(wide >> 32).unwrap_or(0)
    }

    fn small(&mut self, bound: u8) -> u8 {
        u8::try_from(self.below(u32::from(bound))).unwrap_or(0)
    }

    fn word(&mut self) -> u16 {
        u16::try_from(self.below(1 << 16)).unwrap_or(0)
    }

    fn in_hundred(&mut self, part: u32) -> bool {
        self.below(100) < part
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> Option<T> {
        let number = self.below(u32::try_from(choices.len()).unwrap_or(u32::MAX));
        choices.get(usize::try_from(number).unwrap_or(0)).copied()
    }
}

/// Villages that posts and children are drawn from.
pub(super) const VILLAGES: u8 = 3;

impl Plan {
    /// Draws a plan.
    #[must_use]
    pub fn draw(seed: u64, extent: Extent) -> Self {
        let mut dice = Dice::new(seed);
        let (tablets, steps) = match extent {
            Extent::Small => (2 + dice.below(4), 10 + dice.below(20)),
            Extent::Whole if dice.below(200) == 0 => (100 + dice.below(150), 40),
            Extent::Whole => {
                let most = 1 << (1 + dice.below(5));
                let tablets = 2 + dice.below(most) + dice.below(8);
                (tablets, 20 + dice.below(130))
            }
        };
        let mut people = vec![Post::Coordinator];
        people.extend((0..tablets).map(|_| post(&mut dice)));
        let children = 1 + dice.below(5);
        let stranger = dice.in_hundred(40);
        let temper = Temper {
            links: dice.below(45),
            deaths: dice.below(25),
            full_disks: dice.below(8),
            upheavals: if dice.in_hundred(60) { 3 + dice.below(9) } else { 0 },
            stranger,
        };
        let mut steps: Vec<Step> = (0..steps).map(|number| step(&mut dice, number, &temper)).collect();
        add_moves_and_decisions(&mut Dice::new(seed ^ 0x5EED_A9A8), &mut steps, &temper);
        add_comparisons(&mut Dice::new(seed ^ 0x5EED_C0DE), &mut steps, &temper);
        add_casework(&mut Dice::new(seed ^ 0x5EED_CA5E), &mut steps, &temper);
        Self { seed, people, children, stranger, steps }
    }
}

/// How much goes wrong in a plan: each plan has its own, so that some are calm and some are not.
struct Temper {
    links: u32,
    deaths: u32,
    full_disks: u32,
    upheavals: u32,
    stranger: bool,
}

fn post(dice: &mut Dice) -> Post {
    match dice.below(10) {
        0..=5 => Post::TeacherOfVillage(dice.small(VILLAGES)),
        6 | 7 => Post::TeacherOfTwo(dice.small(VILLAGES), dice.small(VILLAGES)),
        8 => Post::Clerk,
        _ => dice.one_of(&[Post::Lead, Post::Coordinator]).unwrap_or(Post::Lead),
    }
}

fn step(dice: &mut Dice, number: u32, temper: &Temper) -> Step {
    let minutes = match dice.below(10) {
        0..=5 => dice.below(60),
        6..=8 => dice.below(24 * 60),
        _ => dice.below(20 * 24 * 60),
    };
    let act = act(dice, temper);
    let over_the_link = matches!(act, Act::Sync | Act::EverybodySyncs);
    let calls = if over_the_link && dice.in_hundred(temper.links) {
        (0..=dice.below(3))
            .map(|_| {
                let calls = if dice.in_hundred(70) { 3 } else { 12 };
                (dice.small(calls), call_fault(dice))
            })
            .collect()
    } else {
        Vec::new()
    };
    Step {
        number,
        minutes,
        tablet: dice.below(1 << 16),
        act,
        dies_at_write: dice.in_hundred(temper.deaths).then(|| {
            let bound = if dice.in_hundred(80) { 12 } else { 80 };
            u16::try_from(dice.below(bound)).unwrap_or(0)
        }),
        dies_afterwards: dice.in_hundred(temper.deaths),
        pages_left: dice.in_hundred(temper.full_disks).then(|| u16::from(dice.small(10))),
        calls,
    }
}

/// Children move and people decide in six plans of ten, between the steps that were drawn, which stay what they were.
fn add_moves_and_decisions(dice: &mut Dice, steps: &mut Vec<Step>, temper: &Temper) {
    if !dice.in_hundred(60) {
        return;
    }
    let more = 2 + dice.below(u32::try_from(steps.len() / 3).unwrap_or(0).max(1));
    for number in 0..more {
        let mut added = step(dice, 1_000 + number, temper);
        let (which, accept) = (dice.small(12), dice.in_hundred(60));
        added.act = match dice.below(10) {
            0..=3 => Act::Move { child: dice.below(1 << 16), village: dice.small(VILLAGES) },
            4..=6 => Act::Decide { which, accept },
            7 => Act::OfficeDecides { which, accept },
            8 => Act::HandIn { which },
            _ => Act::Sync,
        };
        // The desk moves children and decides more often than the others.
        if dice.in_hundred(50) && matches!(added.act, Act::Move { .. } | Act::Decide { .. }) {
            added.tablet = 0;
        }
        let at = usize::try_from(dice.below(u32::try_from(steps.len()).unwrap_or(0) + 1)).unwrap_or(0);
        steps.insert(at, added);
    }
}

/// People compare in four plans of ten.
fn add_comparisons(dice: &mut Dice, steps: &mut Vec<Step>, temper: &Temper) {
    if !dice.in_hundred(40) {
        return;
    }
    for number in 0..=dice.below(3) {
        let mut added = step(dice, 2_000 + number, temper);
        added.act = Act::Compare { broken: dice.in_hundred(60).then(|| dice.below(1 << 16)) };
        added.calls = if dice.in_hundred(temper.links) { vec![(dice.small(6), call_fault(dice))] } else { Vec::new() };
        let at = usize::try_from(dice.below(u32::try_from(steps.len()).unwrap_or(0) + 1)).unwrap_or(0);
        steps.insert(at, added);
    }
}

/// Casework is recorded in seven plans of ten.
fn add_casework(dice: &mut Dice, steps: &mut Vec<Step>, temper: &Temper) {
    if !dice.in_hundred(70) {
        return;
    }
    let more = 2 + dice.below(u32::try_from(steps.len() / 2).unwrap_or(0).max(1));
    for number in 0..more {
        let mut added = step(dice, 3_000 + number, temper);
        let what = match dice.below(10) {
            0..=2 => CaseworkAct::Absence { mark: dice.small(4) },
            3..=5 => CaseworkAct::Record { kind: dice.small(7) },
            6 | 7 => CaseworkAct::Check { found: dice.small(4) },
            8 => CaseworkAct::Road { walk_minutes: dice.small(200) },
            _ => CaseworkAct::Danger,
        };
        // The first child is everybody's: what people record apart of one child is what merges.
        let child = if dice.in_hundred(60) { 0 } else { dice.below(1 << 16) };
        added.act = Act::Casework { what, child, village: dice.small(VILLAGES) };
        if dice.in_hundred(40) {
            added.tablet = 0;
        }
        added.calls = Vec::new();
        let at = usize::try_from(dice.below(u32::try_from(steps.len()).unwrap_or(0) + 1)).unwrap_or(0);
        steps.insert(at, added);
    }
}

fn act(dice: &mut Dice, temper: &Temper) -> Act {
    if dice.in_hundred(temper.upheavals) {
        return upheaval(dice);
    }
    if temper.stranger && dice.in_hundred(8) {
        return Act::Hostile { what: hostile_act(dice), at: dice.word() };
    }
    let child = dice.below(1 << 16);
    match dice.below(100) {
        0..=24 => Act::Visit {
            child,
            siblings: if dice.in_hundred(15) { 1 + dice.small(2) } else { 0 },
            photos: if dice.in_hundred(30) { 1 + dice.small(2) } else { 0 },
        },
        25..=36 => Act::Field { child, field: dice.small(5), value: dice.small(4) },
        37..=41 => Act::Status { child, status: dice.small(5) },
        42..=44 => Act::Guardian { child },
        45..=50 => Act::Register { village: dice.small(VILLAGES) },
        51..=55 => Act::Settle { child, choice: dice.small(3) },
        56..=82 => Act::Sync,
        83..=88 => Act::EverybodySyncs,
        89..=91 => Act::Restart,
        92..=95 => Act::OldRequest { which: dice.small(8) },
        96 | 97 => Act::Clock { days: clock_error(dice) },
        _ => Act::Backup,
    }
}

fn upheaval(dice: &mut Dice) -> Act {
    match dice.below(12) {
        0 | 1 => Act::Clone,
        2 => Act::Revoke,
        3 | 4 => Act::NewPost { post: post(dice) },
        5 => Act::Newcomer { post: post(dice) },
        6..=8 => Act::Restore { age: dice.small(3) },
        9 | 10 => Act::ServerDisk { pages_left: dice.in_hundred(50).then(|| dice.small(12)) },
        _ => Act::Backup,
    }
}

fn clock_error(dice: &mut Dice) -> i32 {
    let days = match dice.below(3) {
        0 => dice.below(3),
        1 => dice.below(400),
        _ => dice.below(30 * 365),
    };
    let days = i32::try_from(days).unwrap_or(0);
    if dice.in_hundred(50) { days } else { days.saturating_neg() }
}

fn hostile_act(dice: &mut Dice) -> HostileAct {
    use HostileAct as H;
    let all = [
        H::Noise,
        H::TurnedBit,
        H::NoChange,
        H::Poison,
        H::Poison,
        H::Orphan,
        H::Fork,
        H::Gap,
        H::ForeignActor,
        H::WrongLeaves,
        H::SameNumber,
        H::Unsigned,
        H::PhotoParts,
    ];
    dice.one_of(&all).unwrap_or(H::Noise)
}

fn call_fault(dice: &mut Dice) -> CallFault {
    match dice.below(14) {
        0..=2 => CallFault::RequestCut,
        3 | 4 => CallFault::AnswerCut,
        5 => CallFault::Twice,
        6 => CallFault::OtherSyncsBefore(dice.small(40)),
        7 => CallFault::OtherSyncsBetween(dice.small(40)),
        8 => CallFault::RecordsMeanwhile(dice.below(1 << 16)),
        9 => CallFault::DiesBefore,
        10 => CallFault::DiesBetween,
        11 => CallFault::ServerDies(dice.small(20)),
        12 => CallFault::ServerDiesAfter,
        _ => {
            use BadAnswer as B;
            let how = [B::Cut, B::Noise, B::TurnedBit, B::ForgedEnvelope, B::ForgedRegister, B::ReceiptForNothing];
            CallFault::BadAnswer(dice.one_of(&how).unwrap_or(B::Cut), dice.word())
        }
    }
}
