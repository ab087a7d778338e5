//! Grades and classes as schools write them: 七年级(3)班, 初一3班, 2025级8班, 三(2)班, 301班, G7 (handbook 9.5).

use crate::domain::person_name::half_width;
use crate::domain::place::Stage;

/// What a text says of a class; each part may be unsaid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClassText {
    /// Primary or junior secondary.
    pub stage: Option<Stage>,
    /// Grade 1 to 9.
    pub grade: Option<u8>,
    /// The year in which the class entered its stage.
    pub entry_year: Option<i16>,
    /// The class's number.
    pub number: Option<u8>,
}

/// Which column a text stands in: a bare number means another thing in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClassColumn {
    /// 学段
    Stage,
    /// 年级
    Grade,
    /// 班级
    Class,
}

/// A piece of the text: a number, in whatever digits, or one other character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    Number(u32),
    Mark(char),
}

impl ClassText {
    /// Reads a text. `None` where it says nothing that is known, and for what is no compulsory schooling
    /// (高一, 学前班).
    #[must_use]
    pub fn read(text: &str, column: ClassColumn) -> Option<Self> {
        let text: String = half_width(text).chars().filter(|c| !c.is_whitespace()).collect();
        if ["高", "幼", "学前", "中职", "职", "大班", "中班", "小班"].iter().any(|word| text.contains(word))
        {
            return None;
        }
        let pieces = pieces(&text);
        let mut class = Self::default();
        if text.contains("小学") {
            class.stage = Some(Stage::Primary);
        } else if text.contains('初') {
            class.stage = Some(Stage::Junior);
        }
        for (at, piece) in pieces.iter().enumerate() {
            let Piece::Number(number) = *piece else { continue };
            let before = at.checked_sub(1).and_then(|before| pieces.get(before)).copied();
            let rest = pieces.get(at.saturating_add(1)..).unwrap_or_default();
            class.take_number(number, before, rest, column, pieces.len() == 1);
        }
        class.settle_stage();
        (class != Self::default()).then_some(class)
    }

    /// What one number means, by what stands around it.
    fn take_number(&mut self, number: u32, before: Option<Piece>, rest: &[Piece], column: ClassColumn, alone: bool) {
        use Piece::{Mark, Number};
        match (before, rest) {
            (_, [Mark('年'), Mark('级'), ..]) => self.grade = self.grade.or(small(number)),
            (_, [Mark('级'), ..]) => {
                self.entry_year = self.entry_year.or(year(number));
                if self.entry_year.is_none() {
                    self.grade = self.grade.or(small(number));
                }
            }
            (Some(Mark('初' | '小' | 'G' | 'g')), _) => self.grade = self.grade.or(small(number)),
            // 三(2)班, 3.2班, 3-2: grade, then class.
            (None, [Mark('(' | '.' | '-'), Number(_), ..]) if self.grade.is_none() => self.grade = small(number),
            (_, [Mark('班'), ..] | [Mark(')'), Mark('班'), ..]) => self.take_class_number(number),
            (Some(Mark('(' | '.' | '-')), [] | [Mark(')')]) => self.take_class_number(number),
            // 七年级3: what stands last after a grade is the class.
            (Some(Mark('级') | Number(_)), []) if column == ClassColumn::Class => self.take_class_number(number),
            _ if alone && column == ClassColumn::Class => self.take_class_number(number),
            _ if alone && column == ClassColumn::Grade => match year(number) {
                Some(year) if number > 1000 => self.entry_year = Some(year),
                _ => self.grade = small(number),
            },
            _ => {}
        }
    }

    /// A class's number; 301 is class 1 of grade 3.
    fn take_class_number(&mut self, number: u32) {
        if self.number.is_some() {
            return;
        }
        let (grade, class) = (number / 100, number % 100);
        if (1..=9).contains(&grade) && class >= 1 {
            if self.grade.is_none() {
                self.grade = small(grade);
            }
            self.number = small(class);
        } else {
            self.number = small(number).filter(|number| *number >= 1);
        }
    }

    /// 初一 is grade 7; a grade tells its stage.
    fn settle_stage(&mut self) {
        if let (Some(Stage::Junior), Some(grade @ 1..=3)) = (self.stage, self.grade) {
            self.grade = Some(grade.saturating_add(6));
        }
        match self.grade {
            Some(1..=6) if self.stage.is_none() => self.stage = Some(Stage::Primary),
            Some(7..=9) if self.stage.is_none() => self.stage = Some(Stage::Junior),
            Some(1..=9) | None => {}
            Some(_) => self.grade = None,
        }
    }
}

fn small(number: u32) -> Option<u8> {
    u8::try_from(number).ok()
}

/// A year of entry: four digits of this century, or two.
fn year(number: u32) -> Option<i16> {
    match number {
        2000..=2099 => i16::try_from(number).ok(),
        10..=99 => i16::try_from(number.saturating_add(2000)).ok(),
        _ => None,
    }
}

/// Cuts a text into numbers and marks; 十一 is 11, 二〇二五 is 2025.
fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut run = String::new();
    for c in text.chars() {
        // A run is of one kind of digits: 3二 are two numbers.
        let breaks = run.chars().last().is_some_and(|last| last.is_ascii_digit() != c.is_ascii_digit());
        if breaks || !is_digit(c) {
            pieces.extend(number_of(&run).map(Piece::Number));
            run.clear();
        }
        if is_digit(c) {
            run.push(c);
            // 初三十二班 is class 12 of 初三, and not class 32.
            if matches!(pieces.last(), Some(Piece::Mark('初' | '小'))) && chinese_digit(c).is_some() {
                pieces.extend(number_of(&run).map(Piece::Number));
                run.clear();
            }
        } else {
            pieces.push(Piece::Mark(c));
        }
    }
    pieces.extend(number_of(&run).map(Piece::Number));
    pieces
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || c == '十' || chinese_digit(c).is_some()
}

fn chinese_digit(c: char) -> Option<u32> {
    let at = "〇一二三四五六七八九".chars().position(|digit| digit == c);
    at.or_else(|| (c == '零').then_some(0)).and_then(|at| u32::try_from(at).ok())
}

fn number_of(run: &str) -> Option<u32> {
    if run.is_empty() || run.chars().count() > 4 {
        return None;
    }
    if let Some((tens, ones)) = run.split_once('十') {
        let tens = if tens.is_empty() { 1 } else { number_of(tens)? };
        let ones = if ones.is_empty() { 0 } else { number_of(ones)? };
        return tens.checked_mul(10)?.checked_add(ones);
    }
    run.chars().try_fold(0_u32, |sum, c| {
        let digit = c.to_digit(10).or_else(|| chinese_digit(c))?;
        sum.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(stage: Stage, grade: u8, number: u8) -> ClassText {
        ClassText { stage: Some(stage), grade: Some(grade), entry_year: None, number: Some(number) }
    }

    #[test]
    fn a_class_is_read_in_all_the_ways_that_schools_write_it() {
        for (text, expected) in [
            ("七年级(3)班", class(Stage::Junior, 7, 3)),
            ("七年级（3）班", class(Stage::Junior, 7, 3)),
            ("初一3班", class(Stage::Junior, 7, 3)),
            ("初一（3）班", class(Stage::Junior, 7, 3)),
            ("初中一年级三班", class(Stage::Junior, 7, 3)),
            ("初三十二班", class(Stage::Junior, 9, 12)),
            ("一年级 1班", class(Stage::Primary, 1, 1)),
            ("小学三年级2班", class(Stage::Primary, 3, 2)),
            ("三(2)班", class(Stage::Primary, 3, 2)),
            ("三（二）", class(Stage::Primary, 3, 2)),
            ("3.2班", class(Stage::Primary, 3, 2)),
            ("3-2", class(Stage::Primary, 3, 2)),
            ("301班", class(Stage::Primary, 3, 1)),
            ("712", class(Stage::Junior, 7, 12)),
            ("七年级3", class(Stage::Junior, 7, 3)),
            ("初一3", class(Stage::Junior, 7, 3)),
            ("八年级十一班", class(Stage::Junior, 8, 11)),
        ] {
            assert_eq!(ClassText::read(text, ClassColumn::Class), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_class_may_be_named_by_its_year_of_entry() {
        for text in ["2025级8班", "25级8班", "2025级（8）班", "二〇二五级八班"] {
            let expected = ClassText { entry_year: Some(2025), number: Some(8), ..ClassText::default() };
            assert_eq!(ClassText::read(text, ClassColumn::Class), Some(expected), "{text}");
        }
        let junior = ClassText::read("初2025级8班", ClassColumn::Class).unwrap();
        assert_eq!((junior.stage, junior.entry_year, junior.number), (Some(Stage::Junior), Some(2025), Some(8)));
    }

    #[test]
    fn a_bare_number_means_what_its_column_means() {
        let grade = |text| ClassText::read(text, ClassColumn::Grade).and_then(|class| class.grade);
        for (text, expected) in
            [("7", 7), ("G7", 7), ("七", 7), ("七年级", 7), ("初一", 7), ("07", 7), ("3", 3), ("三年级", 3)]
        {
            assert_eq!(grade(text), Some(expected), "{text}");
        }
        assert_eq!(ClassText::read("2", ClassColumn::Class).unwrap().number, Some(2));
        assert_eq!(ClassText::read("(2)班", ClassColumn::Class).unwrap().number, Some(2));
        assert_eq!(ClassText::read("2025", ClassColumn::Grade).unwrap().entry_year, Some(2025));
        assert_eq!(ClassText::read("2025级", ClassColumn::Grade).unwrap().entry_year, Some(2025));
        assert_eq!(ClassText::read("初中", ClassColumn::Stage).unwrap().stage, Some(Stage::Junior));
    }

    #[test]
    fn what_is_no_class_of_compulsory_schooling_is_not_guessed() {
        for text in ["", "高一3班", "学前班", "大班", "实验班", "无"] {
            assert_eq!(ClassText::read(text, ClassColumn::Class), None, "{text}");
        }
        assert_eq!(ClassText::read("12", ClassColumn::Grade), None, "there is no grade 12 here");
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_reader_stumble(text in "[0-9一二三十年级班()初小G. -]{0,12}") {
            for column in [ClassColumn::Stage, ClassColumn::Grade, ClassColumn::Class] {
                if let Some(class) = ClassText::read(&text, column) {
                    proptest::prop_assert!(class.grade.is_none_or(|grade| (1..=9).contains(&grade)));
                }
            }
        }
    }
}
