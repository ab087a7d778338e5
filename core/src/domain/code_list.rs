//! Code lists: the values that a form offers, each with its key, its Chinese and its English.
//!
//! The keys are what documents, wire and SQL hold; a list is never renumbered and a key never changes its
//! meaning. Sources: handbook 3.8, 3.10, 5.1, 8.3, 9.1, 9.4.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

macro_rules! code_list {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $key:literal, $zh:literal, $en:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
        #[ts(export)]
        pub enum $name {
            $(
                #[doc = concat!($zh, " — ", $en)]
                #[serde(rename = $key)]
                #[ts(rename = $key)]
                $variant,
            )+
        }

        impl $name {
            /// All of them, in the order in which a form offers them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The key that documents hold.
            #[must_use]
            pub const fn key(self) -> &'static str {
                match self { $(Self::$variant => $key,)+ }
            }

            /// The Chinese term, as it stands in ledgers.
            #[must_use]
            pub const fn zh(self) -> &'static str {
                match self { $(Self::$variant => $zh,)+ }
            }

            /// The English term.
            #[must_use]
            pub const fn en(self) -> &'static str {
                match self { $(Self::$variant => $en,)+ }
            }

            /// From a key; `None` where a newer version wrote a key that this one does not know.
            #[must_use]
            pub fn from_key(key: &str) -> Option<Self> {
                match key { $($key => Some(Self::$variant),)+ _ => None }
            }

            /// From the Chinese term.
            #[must_use]
            pub fn from_zh(text: &str) -> Option<Self> {
                match text { $($zh => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

code_list!(
    /// Sex, as the student-record system codes it (handbook 9.1: 1 男 2 女).
    Sex {
        Male = "male", "男", "male";
        Female = "female", "女", "female";
    }
);

code_list!(
    /// How a visit was made (handbook 5.1, 形式).
    VisitMode {
        AtHome = "at_home", "入户", "at home";
        Phone = "phone", "电话", "by phone";
        Video = "video", "视频", "by video";
        AtWork = "at_work", "工作地走访", "at the workplace";
    }
);

code_list!(
    /// What a visit is for (handbook 5.1, 家访目的).
    VisitPurpose {
        Routine = "routine", "常规家访", "routine";
        Persuasion = "persuasion", "劝返", "persuasion to return";
        AidNotice = "aid_notice", "资助宣传", "telling of aid";
        HomeTeaching = "home_teaching", "送教", "home teaching";
        Verification = "verification", "核查", "verification";
        FollowUp = "follow_up", "回访", "follow-up";
    }
);

code_list!(
    /// Relation of an adult to the child, by its internal key; mapped to GB/T 4761 at export (handbook 9.4).
    Relation {
        Father = "father", "父亲", "father";
        Mother = "mother", "母亲", "mother";
        PaternalGrandfather = "paternal_grandfather", "祖父", "paternal grandfather";
        PaternalGrandmother = "paternal_grandmother", "祖母", "paternal grandmother";
        MaternalGrandfather = "maternal_grandfather", "外祖父", "maternal grandfather";
        MaternalGrandmother = "maternal_grandmother", "外祖母", "maternal grandmother";
        StepFather = "step_father", "继父/养父", "step- or adoptive father";
        StepMother = "step_mother", "继母/养母", "step- or adoptive mother";
        Brother = "brother", "兄弟", "brother";
        Sister = "sister", "姐妹", "sister";
        Uncle = "uncle", "伯父/叔父/舅父", "uncle";
        Aunt = "aunt", "姑母/姨母/婶母", "aunt";
        TheChild = "the_child", "学生本人", "the child";
        Neighbour = "neighbour", "邻居", "neighbour";
        VillageCadre = "village_cadre", "村干部", "village cadre";
        Other = "other", "其他", "other";
    }
);

code_list!(
    /// What the family said about returning (handbook 5.1, parent_position).
    ParentPosition {
        AgreesDate = "agrees_date", "同意返校(有日期)", "agrees, with a date";
        AgreesVague = "agrees_vague", "同意返校(无日期)", "agrees, without a date";
        Refuses = "refuses", "拒绝", "refuses";
        BlamesChild = "blames_child", "称孩子不愿去", "says the child will not go";
        Absent = "absent", "家长不在", "not there";
        Unreachable = "unreachable", "联系不上", "cannot be reached";
        ClaimsTransferred = "claims_transferred", "称已转学(需证明)", "says transferred (proof needed)";
        ClaimsIll = "claims_ill", "称生病(需证明)", "says ill (proof needed)";
    }
);

code_list!(
    /// What the child itself wants (handbook 5.1, 学生意愿).
    ChildPosition {
        WantsToReturn = "wants_to_return", "愿意返校", "wants to return";
        Hesitates = "hesitates", "犹豫", "hesitates";
        Refuses = "refuses", "不愿返校", "does not want to";
        NotAsked = "not_asked", "未问到", "could not be asked";
    }
);

code_list!(
    /// Why a child is not at school (handbook 3.10, 辍学原因).
    AbsenceReason {
        LearningDifficulty = "learning_difficulty", "学习困难", "learning difficulty";
        SchoolAversion = "school_aversion", "厌学", "aversion to school";
        MigrantWork = "migrant_work", "外出务工", "left to work";
        EarlyMarriage = "early_marriage", "早婚早育", "early marriage";
        Religion = "religion", "因信教", "religion";
        Poverty = "poverty", "因贫", "poverty";
        Distance = "distance", "因远", "distance";
        Illness = "illness", "因病", "illness";
        Disability = "disability", "因残", "disability";
        MentalHealth = "mental_health", "心理问题", "mental health";
        Internet = "internet", "网瘾", "internet";
        FamilyChange = "family_change", "家庭变故", "change in the family";
        CareBurden = "care_burden", "照顾家人", "cares for family";
        Migration = "migration", "随父母流动", "moves with parents";
        Bullying = "bullying", "欺凌/人际", "bullying";
        TeacherRelation = "teacher_relation", "师生关系", "trouble with teachers";
        Legal = "legal", "涉案", "legal matter";
        PrivateTutor = "private_tutor", "私塾/在家教育", "private tuition";
        Seasonal = "seasonal", "季节性劳动", "seasonal work";
        Other = "other", "其他", "other";
        Unknown = "unknown", "不明", "unknown";
    }
);

code_list!(
    /// What the family was told of (handbook 5.1, 宣传内容).
    InformedTopic {
        EducationLaw = "education_law", "义务教育法", "Compulsory Education Law";
        AidPolicy = "aid_policy", "资助政策", "aid policy";
        ChildLabour = "child_labour", "禁止使用童工", "ban on child labour";
        Safety = "safety", "安全教育", "safety";
        FamilyEducation = "family_education", "家庭教育", "family education";
    }
);

code_list!(
    /// The child's schooling status on the ground (handbook 3.8). Only a person decides on 辍学.
    SchoolingStatus {
        EnrolledHere = "ENROLLED_HERE", "本校在读", "at this school";
        EnrolledCounty = "ENROLLED_COUNTY", "县内他校在读", "at another school in the county";
        EnrolledElsewhere = "ENROLLED_ELSEWHERE", "县外/省外在读", "at a school elsewhere";
        EnrolledAbroad = "ENROLLED_ABROAD", "境外就读", "at a school abroad";
        SpecialSchool = "SPECIAL_SCHOOL", "特教学校就读", "special school";
        InclusiveClass = "INCLUSIVE_CLASS", "随班就读", "inclusive class";
        SpecialClass = "SPECIAL_CLASS", "普校特教班", "special class";
        HomeTeaching = "HOME_TEACHING", "送教上门", "home teaching";
        VocationalTrack = "VOCATIONAL_TRACK", "普职融合/职校就读", "vocational track";
        ReformSchool = "REFORM_SCHOOL", "专门学校", "reform school";
        Suspended = "SUSPENDED", "休学", "suspended (lawful)";
        DeferredEntry = "DEFERRED_ENTRY", "延缓入学", "deferred entry (lawful)";
        ExemptPhysical = "EXEMPT_PHYSICAL", "身体原因不具备学习条件", "physically unable";
        TransferPending = "TRANSFER_PENDING", "转学在途", "transfer under way";
        LongLeave = "LONG_LEAVE", "长期请假", "long leave";
        NotYetAge = "NOT_YET_AGE", "未到入学年龄", "not yet of age";
        NeverEnrolled = "NEVER_ENROLLED", "失学", "never enrolled";
        AbsentUnexcused = "ABSENT_UNEXCUSED", "无故缺勤", "absent, unexcused";
        SuspectedDropout = "SUSPECTED_DROPOUT", "疑似辍学", "suspected dropout";
        Dropout = "DROPOUT", "辍学", "dropout";
        Returned = "RETURNED", "劝返复学", "returned, settling";
        LostContact = "LOST_CONTACT", "失联", "lost contact";
        InCustody = "IN_CUSTODY", "涉案/羁押", "in custody";
        GraduatedG9 = "GRADUATED_G9", "初中毕业", "finished grade 9";
        Deceased = "DECEASED", "死亡", "deceased";
        Emigrated = "EMIGRATED", "迁出", "emigrated";
        OverageClosed = "OVERAGE_CLOSED", "超龄", "over age";
        Unverified = "UNVERIFIED", "待核实", "unverified";
    }
);

code_list!(
    /// Flags of a child that ledgers filter by (handbook 3.7 E, 8.3, 9.1).
    ChildFlag {
        LeftBehindOne = "left_behind_one", "单亲留守", "left behind by one parent";
        LeftBehindBoth = "left_behind_both", "双亲留守", "left behind by both parents";
        SingleParent = "single_parent", "单亲家庭", "single-parent family";
        Orphan = "orphan", "孤儿", "orphan";
        NoCarer = "no_carer", "事实无人抚养", "de facto unsupported";
        Disabled = "disabled", "残疾", "disabled";
        MigrantChild = "migrant_child", "随迁子女", "migrant worker's child";
        Lifted = "lifted", "脱贫户", "lifted household";
        Monitored = "monitored", "监测户", "monitored household";
        SubsistenceAllowance = "subsistence_allowance", "低保", "subsistence allowance";
        DestituteSupport = "destitute_support", "特困供养", "destitute support";
        Hardship = "hardship", "困境儿童", "in difficulty";
        SeriouslyIll = "seriously_ill", "重病", "seriously ill";
        NoHukou = "no_hukou", "无户口", "not registered";
        Boarder = "boarder", "住校", "boarder";
        OverdueVisit = "overdue_visit", "久未家访", "long not visited";
    }
);

code_list!(
    /// Who signs a visit record (handbook 5.1, 签字).
    SignerRole {
        Parent = "parent", "家长", "guardian";
        Child = "child", "学生", "child";
        Teacher = "teacher", "教师", "teacher";
        VillageCadre = "village_cadre", "村干部", "village cadre";
    }
);

code_list!(
    /// How a child attends (handbook 9.1 就读方式).
    AttendanceMode {
        Day = "day", "走读", "day pupil";
        Boarding = "boarding", "住校", "boarder";
        HomeTeaching = "home_teaching", "送教上门", "home teaching";
    }
);

code_list!(
    /// What a roll says of a child on a day or half of one (handbook 4.3, 4.4).
    AttendanceMark {
        Present = "present", "到校", "present";
        Late = "late", "迟到", "late";
        LeftEarly = "left_early", "早退", "left early";
        Unexcused = "unexcused", "无故缺勤", "absent without excuse";
        Unknown = "unknown", "缺勤,原因待查", "absent, reason not known";
        Sick = "sick", "病假", "sick leave";
        Personal = "personal", "事假", "personal leave";
        Bereavement = "bereavement", "丧假", "bereavement";
        Official = "official", "公假/学校活动", "official activity";
        Withdrawn = "withdrawn", "撤回", "withdrawn";
    }
);

code_list!(
    /// Which part of a day (handbook 4.2: half days are recorded).
    DayPart {
        Whole = "whole", "全天", "whole day";
        Morning = "morning", "上午", "morning";
        Afternoon = "afternoon", "下午", "afternoon";
    }
);

impl DayPart {
    /// Whether it holds the other part.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        self == Self::Whole || self == other
    }
}

code_list!(
    /// How a case came to be known, besides the roll (handbook 3.5, 来源).
    CaseSource {
        Tendency = "tendency", "有辍学倾向", "tendency to drop out";
        NoShow = "no_show", "开学未报到", "not reported at term start";
        Platform = "platform", "平台下发", "pushed by the platform";
        Matching = "matching", "数据比对", "found by matching";
        Reported = "reported", "群众反映", "reported by somebody";
        Inspection = "inspection", "上级督查", "found by inspection";
    }
);

code_list!(
    /// How a notice was served (handbook 6.4, 送达方式).
    ServiceMethod {
        InPerson = "in_person", "直接送达", "in person";
        FamilyMember = "family_member", "同住成年家属签收", "adult family member";
        Left = "left", "留置送达", "left at the home";
        Post = "post", "邮寄送达", "by post";
        PublicNotice = "public_notice", "公告送达", "public notice";
        Electronic = "electronic", "电子送达(经同意)", "electronic, with consent";
    }
);

code_list!(
    /// How a case came out (handbook 3.5 结果, 4.6).
    CaseOutcome {
        Returned = "returned", "已返校", "returned";
        Found = "found", "去向已核实(他处就读)", "found at another school";
        Lawful = "lawful", "休学/延缓入学等合法情形", "lawful absence";
        FalseAlarm = "false_alarm", "误报", "false alarm";
        Deceased = "deceased", "死亡", "deceased";
        Emigrated = "emigrated", "迁出", "emigrated";
        OverAge = "over_age", "超龄", "over age";
    }
);

code_list!(
    /// Where a child who dropped out is (handbook 3.6, 辍学去向).
    DropoutDestination {
        AtHome = "at_home", "在家", "at home";
        Work = "work", "务工", "at work";
        Married = "married", "结婚", "married";
        Unknown = "unknown", "外出不明", "away, nobody knows where";
        Religious = "religious", "宗教场所", "at a religious place";
        Other = "other", "其他", "elsewhere";
    }
);

code_list!(
    /// How it was confirmed where a child studies out of the county (handbook 3.7 D).
    ConfirmMethod {
        Phone = "phone", "电话", "by phone";
        Letter = "letter", "公函", "by letter";
        Platform = "platform", "平台查询", "on the platform";
        Visit = "visit", "实地", "on the spot";
    }
);

code_list!(
    /// How the door-to-door check found a child (handbook 3.2, 铁脚板摸排; 3.4, columns 22 and 25).
    CheckFound {
        AtSchool = "at_school", "在校", "at school";
        AtHome = "at_home", "在家", "at home";
        NotInSchool = "not_in_school", "未上学", "not in school";
        Away = "away", "外出", "away";
        Unknown = "unknown", "不清楚", "unknown";
    }
);

code_list!(
    /// How a child was verified (handbook 3.4, column 30, 核查方式).
    VerifyMethod {
        Household = "household", "入户", "at the household";
        Phone = "phone", "电话", "by phone";
        Video = "video", "视频", "by video";
        Comparison = "comparison", "系统比对", "compared with a system";
    }
);

code_list!(
    /// Where a child is who is away (handbook 3.4, column 22, 就读地).
    StudyRegion {
        County = "county", "县内", "in the county";
        Province = "province", "县外", "out of the county";
        Country = "country", "省外", "out of the province";
        Abroad = "abroad", "境外", "abroad";
    }
);

code_list!(
    /// Where a child with a disability learns (handbook 3.8, placements).
    Placement {
        SpecialSchool = "special_school", "特殊学校", "special school";
        InclusiveClass = "inclusive_class", "随班就读", "inclusive class";
        SpecialClass = "special_class", "普校特教班", "special class";
        HomeTeaching = "home_teaching", "送教上门", "taught at home";
        Institution = "institution", "机构", "institution";
        Waiting = "waiting", "待安置", "waits for a place";
    }
);

code_list!(
    /// Where a child goes after grade 6 (handbook 7.2).
    TransitionDestination {
        CountyPublic = "county_public", "本县公办", "public school of the county";
        CountyPrivate = "county_private", "本县民办", "private school of the county";
        OutOfCounty = "out_of_county", "县外", "out of the county";
        OutOfProvince = "out_of_province", "省外", "out of the province";
        Special = "special", "特教", "special school";
        Suspended = "suspended", "休学", "suspended";
        Undecided = "undecided", "未定", "not decided";
    }
);

code_list!(
    /// What an entry of the way into the next school says (小学包送、初中包接、小学包核、初中包劝; handbook 7.2).
    TransitionEntryKind {
        Listed = "listed", "列入名单", "on the list";
        HandedOver = "handed_over", "移交", "handed over";
        Arrived = "arrived", "已报到", "arrived";
        NoShow = "no_show", "未报到", "not arrived";
        Elsewhere = "elsewhere", "他处就读", "registered elsewhere";
        Approved = "approved", "休学/特教等已批准", "suspended or special, approved";
        RecordMoved = "record_moved", "学籍已转", "record moved";
        Trackers = "trackers", "责任人", "who answers";
        ClassBack = "class_back", "全班返校核对", "the class has reported back";
        Withdrawn = "withdrawn", "撤回", "withdrawn";
    }
);

code_list!(
    /// What does not agree between where the student record is and where the child is (handbook 3.8).
    AxisMismatch {
        RecordWithoutChild = "record_without_child", "学籍在、人不在", "on the roll, and not at school";
        StudiesElsewhere = "studies_elsewhere", "在外就读、学籍未转", "studies elsewhere, the record did not go along";
        AwayWithoutPaper = "away_without_paper", "休学或缓学、学籍未办手续", "suspended or deferred, and the record says nothing of it";
        RecordNotCancelled = "record_not_cancelled", "已离开、学籍未注销", "has left, and the record is not cancelled";
        RecordIsElsewhere = "record_is_elsewhere", "人在校、学籍在外", "at school here, and the record is elsewhere";
        BackWithoutRecord = "back_without_record", "人在校、学籍仍是休学", "at school, and the record is still suspended";
        RecordSaysLeft = "record_says_left", "学籍显示离校或注销，与实际不符", "the record says left or cancelled, and the child has not";
        TransferNotArrived = "transfer_not_arrived", "学籍转出、人没有到校", "the record was transferred, and the child has not arrived";
        ChildWithoutRecord = "child_without_record", "人在校、查不到学籍", "at school, and there is no record";
        OutWithoutCase = "out_without_case", "不在校、还没有立案", "out of school, and there is no case";
        CaseAgainstStatus = "case_against_status", "案件和就学状态不一致", "the case and the status differ";
        DeathByOnePerson = "death_by_one_person", "死亡只有一人登记", "a death that only one person recorded";
        FoundOtherwise = "found_otherwise", "摸排情况与就学状态不一致", "the door-to-door check found otherwise than the status says";
        ChecksDiffer = "checks_differ", "两次摸排不一致", "two door-to-door checks differ";
    }
);

code_list!(
    /// What a record of a case says (handbook 3.5, 4.6, 6).
    CaseRecordKind {
        Opened = "opened", "发现情况", "noticed";
        Assignment = "assignment", "指派专人", "person named";
        Report = "report", "书面报告", "written report";
        Notice = "notice", "限期复学通知书", "return notice";
        Service = "service", "送达", "service";
        Escalation = "escalation", "进一步措施", "further measure";
        Returned = "returned", "复学登记", "return registered";
        Dropout = "dropout", "认定辍学", "decided: dropout";
        ClosingProposed = "closing_proposed", "申请销号", "closing proposed";
        ClosingConfirmed = "closing_confirmed", "审核销号", "closing confirmed";
        ClosingRefused = "closing_refused", "不同意销号", "closing refused";
        Reopened = "reopened", "重新立案", "reopened";
        KeptClosed = "kept_closed", "维持销号", "kept closed";
        Withdrawn = "withdrawn", "撤回", "withdrawn";
    }
);

code_list!(
    /// What a danger to a child looks like (强制报告, Law on the Protection of Minors, article 11(2); handbook 6.6).
    DangerKind {
        Violence = "violence", "殴打/虐待", "beaten or abused";
        Neglect = "neglect", "无人照料/忽视", "neglected, nobody cares for it";
        SexualHarm = "sexual_harm", "疑似性侵害", "suspected sexual harm";
        EarlyMarriage = "early_marriage", "被迫订婚/早婚", "forced engagement or marriage";
        Trafficking = "trafficking", "拐卖/失踪", "trafficked or missing";
        ForcedLabour = "forced_labour", "被迫劳动/童工", "forced labour";
        SelfHarm = "self_harm", "自伤/轻生", "self-harm";
        Bullying = "bullying", "严重欺凌", "serious bullying";
        Other = "other", "其他危险", "another danger";
    }
);

code_list!(
    /// What was done about a report of danger.
    DangerStep {
        Read = "read", "已看", "read";
        Police = "police", "已报公安", "police told";
        Bureau = "bureau", "已报教科体局", "education bureau told";
        CivilAffairs = "civil_affairs", "已报民政", "civil affairs told";
        Medical = "medical", "已就医", "seen by a doctor";
        Safe = "safe", "孩子已安全", "the child is safe";
        Talk = "talk", "已谈话/家访", "talked, visited";
        Closed = "closed", "结案", "closed";
        Reopened = "reopened", "重新处理", "opened again";
    }
);

code_list!(
    /// What an entry of a child's plan is (handbook 5.4, 5.5 F07 and F13).
    PlanKind {
        Plan = "plan", "一人一案", "plan for the child";
        Review = "review", "方案回看", "review of the plan";
        HomePlan = "home_plan", "送教方案", "home-teaching plan";
        Session = "session", "送教记录", "home-teaching session";
        Strengths = "strengths", "特长兴趣", "strengths and interests";
        Results = "results", "学业走势", "trend of results";
    }
);

code_list!(
    /// Which way a child's results go (the county's own account: 考试成绩+发展趋势).
    ResultTrend {
        Up = "up", "上行", "going up";
        Level = "level", "平稳", "level";
        Down = "down", "下行", "going down";
    }
);

code_list!(
    /// What kind of identity paper a number belongs to (handbook 9.1, 身份证件类型). With another paper than the resident
    /// identity card the number may be blank, with proof.
    IdType {
        ResidentId = "resident_id", "居民身份证", "resident ID card";
        HongKong = "hong_kong", "香港特区护照/身份证明", "Hong Kong paper";
        Macau = "macau", "澳门特区护照/身份证明", "Macau paper";
        Taiwan = "taiwan", "台湾居民来往大陆通行证", "Taiwan pass";
        PermanentResidence = "permanent_residence", "境外永久居住证", "permanent-residence card";
        Passport = "passport", "护照", "passport";
        Other = "other", "其他", "another, or none";
    }
);

code_list!(
    /// How a household is registered (handbook 9.1, 户口性质).
    HukouType {
        Agricultural = "agricultural", "农业", "agricultural";
        NonAgricultural = "non_agricultural", "非农业", "non-agricultural";
    }
);

code_list!(
    /// How a child who returned is placed (handbook 3.6, 复学安置方式).
    ReturnPlacement {
        OwnClass = "own_class", "原班就读", "its own class";
        OtherClass = "other_class", "转班就读", "another class";
        OtherGrade = "other_grade", "编入其他年级", "another grade";
        SeparateClass = "separate_class", "单独编班", "a class of returned children";
        Vocational = "vocational", "职教班", "a vocational class";
        OtherSchool = "other_school", "转入他校", "another school";
        HomeTeaching = "home_teaching", "送教上门", "taught at home";
    }
);

/// The county's own word for a value of a list on its forms, or that its forms do not offer it. Ledgers and exports keep the
/// standard term: what an inspector reads means the same everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct CodeWording {
    /// `absence_reason`
    pub list: String,
    /// The key of the value.
    pub key: String,
    /// Chinese; empty: the standard term.
    #[serde(default)]
    pub zh: String,
    /// English; empty: the standard term.
    #[serde(default)]
    pub en: String,
    /// Forms do not offer it; where it was recorded it stays to be read.
    #[serde(default)]
    pub hidden: bool,
}

/// Lists whose wording is the county's: what people choose on forms. States of a child, steps and marks are not: rules hang
/// on them.
pub const WORDED_LISTS: &[&str] =
    &["visit_purpose", "informed_topic", "absence_reason", "parent_position", "child_position", "child_flag"];

impl CodeWording {
    /// Whether there is such a value in a list whose wording is the county's.
    #[must_use]
    pub fn is_known(&self) -> bool {
        match self.list.as_str() {
            "visit_purpose" => VisitPurpose::from_key(&self.key).is_some(),
            "informed_topic" => InformedTopic::from_key(&self.key).is_some(),
            "absence_reason" => AbsenceReason::from_key(&self.key).is_some(),
            "parent_position" => ParentPosition::from_key(&self.key).is_some(),
            "child_position" => ChildPosition::from_key(&self.key).is_some(),
            "child_flag" => ChildFlag::from_key(&self.key).is_some(),
            _ => false,
        }
    }

    /// The key of its entry in the county document.
    #[must_use]
    pub fn entry_key(&self) -> String {
        format!("code/{}/{}", self.list, self.key)
    }
}
