//! The columns of a roster that the dossier has a place for, by the ledger's headers (handbook 3.4, 9.1).

/// How many guardians a row can give.
pub const GUARDIANS_MAX: usize = 3;

/// What a column of a roster was taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RosterColumn {
    /// 学生姓名
    Name,
    /// 性别
    Sex,
    /// 民族
    Ethnicity,
    /// 出生日期
    BirthDate,
    /// 身份证件类型
    IdType,
    /// 身份证件号
    IdNumber,
    /// 全国学籍号
    NationalStudentNo,
    /// 学籍辅号
    AuxiliaryRecordNo,
    /// 乡镇, by name or code
    Township,
    /// 村(社区), by name or code
    Village,
    /// 社(组)
    VillageGroup,
    /// 户主姓名
    HeadName,
    /// 户主身份证号
    HeadId,
    /// 与户主关系
    RelationToHead,
    /// 户口性质
    HukouType,
    /// 户籍地址
    HukouAddress,
    /// 现住址
    Address,
    /// 家庭类别
    HouseholdCategory,
    /// 监护人姓名, of the guardian 0 to 2
    GuardianName(u8),
    /// 监护人关系
    GuardianRelation(u8),
    /// 监护人电话
    GuardianPhone(u8),
    /// 父亲姓名
    FatherName,
    /// 父亲电话
    FatherPhone,
    /// 母亲姓名
    MotherName,
    /// 母亲电话
    MotherPhone,
    /// 联系电话, of whoever answers it
    ContactPhone,
    /// 实际照护人
    Caregiver,
    /// 父母外出务工地
    ParentsWorkPlace,
    /// 留守类型
    LeftBehind,
    /// 学段
    Stage,
    /// 年级
    Grade,
    /// 班级
    Class,
    /// 就读学校
    SchoolName,
    /// 学校标识码
    SchoolCode,
    /// 就读地
    StudyRegion,
    /// 就学状态: how the child stands
    SchoolingStatus,
    /// 就读状态: how the record stands
    RecordState,
    /// 状态起始日
    StatusSince,
    /// 就读方式
    AttendanceMode,
    /// 入学年月
    EntryMonth,
    /// 特殊情况类别
    SpecialFlags,
    /// 是否孤儿
    Orphan,
    /// 是否事实无人抚养
    NoCarer,
    /// 残疾类型, or whether
    Disability,
    /// 是否随迁子女
    MigrantChild,
    /// 是否脱贫户
    Lifted,
    /// 是否监测户
    Monitored,
    /// 是否低保
    SubsistenceAllowance,
    /// 是否特困供养
    DestituteSupport,
    /// 是否住校
    Boarder,
    /// 备注
    Note,
    /// A header that is known and that the dossier has no place for (籍贯, 政治面貌, 序号 …).
    LeftOut,
}

impl RosterColumn {
    /// Columns that the ledger asks for at first capture (handbook 3.4, R), as far as a roster gives them.
    pub const EXPECTED: &'static [Self] = &[
        Self::Name,
        Self::Sex,
        Self::BirthDate,
        Self::IdNumber,
        Self::Township,
        Self::Village,
        Self::VillageGroup,
        Self::HeadName,
        Self::Address,
        Self::GuardianName(0),
        Self::GuardianPhone(0),
        Self::SchoolName,
        Self::Grade,
        Self::Class,
    ];

    /// The ledger's Chinese header.
    #[must_use]
    pub const fn zh(self) -> &'static str {
        match self {
            Self::Name => "学生姓名",
            Self::Sex => "性别",
            Self::Ethnicity => "民族",
            Self::BirthDate => "出生日期",
            Self::IdType => "身份证件类型",
            Self::IdNumber => "身份证件号",
            Self::NationalStudentNo => "全国学籍号",
            Self::AuxiliaryRecordNo => "学籍辅号",
            Self::Township => "乡镇",
            Self::Village => "村(社区)",
            Self::VillageGroup => "社(组)",
            Self::HeadName => "户主姓名",
            Self::HeadId => "户主身份证号",
            Self::RelationToHead => "与户主关系",
            Self::HukouType => "户口性质",
            Self::HukouAddress => "户籍地址",
            Self::Address => "现住址",
            Self::HouseholdCategory => "家庭类别",
            Self::GuardianName(0) => "监护人姓名",
            Self::GuardianName(1) => "监护人2姓名",
            Self::GuardianName(_) => "监护人3姓名",
            Self::GuardianRelation(0) => "监护人关系",
            Self::GuardianRelation(1) => "监护人2关系",
            Self::GuardianRelation(_) => "监护人3关系",
            Self::GuardianPhone(0) => "监护人电话",
            Self::GuardianPhone(1) => "监护人2电话",
            Self::GuardianPhone(_) => "监护人3电话",
            Self::FatherName => "父亲姓名",
            Self::FatherPhone => "父亲电话",
            Self::MotherName => "母亲姓名",
            Self::MotherPhone => "母亲电话",
            Self::ContactPhone => "联系电话",
            Self::Caregiver => "实际照护人",
            Self::ParentsWorkPlace => "父母外出务工地",
            Self::LeftBehind => "留守类型",
            Self::Stage => "学段",
            Self::Grade => "年级",
            Self::Class => "班级",
            Self::SchoolName => "就读学校",
            Self::SchoolCode => "学校标识码",
            Self::StudyRegion => "就读地",
            Self::SchoolingStatus => "就学状态",
            Self::RecordState => "学籍状态",
            Self::StatusSince => "状态起始日",
            Self::AttendanceMode => "就读方式",
            Self::EntryMonth => "入学年月",
            Self::SpecialFlags => "特殊情况类别",
            Self::Orphan => "是否孤儿",
            Self::NoCarer => "是否事实无人抚养",
            Self::Disability => "残疾类别/等级/证号",
            Self::MigrantChild => "是否随迁子女",
            Self::Lifted => "是否脱贫户",
            Self::Monitored => "是否监测户",
            Self::SubsistenceAllowance => "是否低保",
            Self::DestituteSupport => "是否特困供养",
            Self::Boarder => "是否住校",
            Self::Note => "备注",
            Self::LeftOut => "",
        }
    }

    /// Whether another column gives the same, so that this one is not missed.
    #[must_use]
    pub const fn stands_in_for(self, expected: Self) -> bool {
        matches!(
            (self, expected),
            (Self::SchoolCode, Self::SchoolName)
                | (Self::EntryMonth | Self::Class, Self::Grade)
                | (Self::FatherName | Self::MotherName, Self::GuardianName(0))
                | (Self::FatherPhone | Self::MotherPhone | Self::ContactPhone, Self::GuardianPhone(0))
                | (Self::HukouAddress, Self::Address)
        )
    }
}
