//! Sentences that a teacher might write after a home visit, and how they are put together.
//!
//! Facts and no judgements, as the field's templates ask (handbook 5.1). In a sentence `#` stands for a small
//! number, `¥` for an amount, `@` for where the parents work.

use super::draw::Draw;

const HOUSEHOLD: &[&str] = &[
    "家中有#个孩子，爷爷奶奶在家务农，父母在@务工，春节才回来一次。",
    "父亲在@建筑工地做工，母亲在家照顾老人和#个孩子。",
    "孩子平时跟奶奶生活，奶奶#年前摔伤过腿，走路不太方便。",
    "父母去年离异，孩子随父亲生活，父亲每月回家#次。",
    "上有老人，下有#个孩子，父亲在镇上开三轮车拉货，母亲在学校附近租房陪读。",
    "外婆带着#个外孙，舅舅一家住隔壁，农忙时相互帮衬。",
    "父亲长期患病在家休养，母亲在@制衣厂上班，家里主要靠她一人收入。",
    "家里有#个孩子上学，大的在县城读高中，小的还没上幼儿园。",
    "爷爷当过村里的会计，识字，能看懂作业，每晚督促孩子写完再睡。",
    "母亲在@做家政，每周日晚上固定跟孩子视频，约#十分钟。",
    "孩子由姑姑照看，姑姑家另有#个孩子，同吃同住。",
    "今年父母都回来了，准备在村里养牛，不再去@。",
];

const MEANS: &[&str] = &[
    "今年种了#亩玉米，喂了#头猪，收入够日常开支。",
    "住土木结构老房，去年翻修了屋顶，孩子有单独的一间小屋和书桌。",
    "家里欠着#万元看病的债，正在申请临时救助。",
    "核桃和花椒今年收成一般，卖了约¥元。",
    "去年起享受低保，存折由奶奶保管，家里还养了#只羊。",
    "通村路去年修到院坝，但到学校还要走#公里。",
    "家里用上了自来水，手机信号时有时无，要到垭口才能打通电话。",
    "天麻和黄连地#分，今年行情好，预计能卖¥元。",
    "房屋为砖混两层，是易地搬迁的安置房，水电齐全。",
    "主要开支是老人吃药和孩子住校生活费，每学期约¥元。",
];

const AT_HOME: &[&str] = &[
    "孩子在家能帮着喂猪、洗碗，作业一般在晚饭后做。",
    "周末多数时间在看手机，奶奶说不听，父亲打电话才放下。",
    "早上五点半起床，自己煮面，然后走路去赶校车。",
    "孩子话不多，问到在学校的朋友时提了#个同学的名字。",
    "喜欢画画，墙上贴着#张自己的画，想参加学校的美术小组。",
    "每天放学要走山路#十分钟，冬天到家天已经黑了。",
    "会照顾弟弟妹妹，家长说比同龄孩子懂事。",
    "作业本收得整齐，但数学错题没有订正，家里没人会教。",
    "晚上#点左右睡，有时在被窝里听小说。",
    "暑假在@跟父母住了一个月，回来后普通话好了不少。",
];

const AT_SCHOOL: &[&str] = &[
    "本学期请假#次，都有请假条，成绩在班上中等。",
    "语文进步明显，英语还跟不上，已安排周#课后辅导。",
    "课堂上能举手发言，体育课最积极，运动会跑了#百米。",
    "住校后想家，前#周常哭，现在已经适应。",
    "最近两次月考数学都没及格，自己说听不懂分数应用题。",
    "担任小组长，作业收发从不误事。",
    "和同桌闹过矛盾，班主任谈过#次话，目前已和好。",
    "上学期末成绩比期中前进了#名，家长很高兴。",
    "开学以来迟到#次，多因下雨路滑。",
    "字写得工整，作文在年级展板上贴过。",
];

const TOLD: &[&str] = &[
    "向家长讲了义务教育法的规定和资助政策，留了联系卡。",
    "说明了营养餐和寄宿生补助的标准，家长已清楚。",
    "提醒家长注意防溺水、防火和乘车安全，不坐超载车。",
    "建议家长每天问一问作业，多表扬，少责骂。",
    "商定由村里的王支书每周去看一次老人和孩子。",
    "约好下月家长会一定到校，当面再谈。",
    "教会奶奶用手机看班级群通知，并试发了一条语音。",
    "请家长备齐户口簿复印件，下周交到学校补办手续。",
    "告知残疾学生可申请送教上门，家长表示再商量。",
    "留下#本课外书，约定看完后写读后感。",
];

const AWAY: &[&str] = &[
    "孩子已有#天没有到校，家长说是在家帮忙收玉米。",
    "到家时孩子不在，邻居说一早跟表哥去了镇上。",
    "孩子把自己关在屋里，隔着门谈了#十分钟才肯出来。",
    "家长称孩子去了@亲戚家，说不清具体地址，也没有就读证明。",
    "孩子说听不懂课，坐在教室里难受，想跟父亲去@学手艺。",
    "电话打了#次才接通，父亲说管不了，让学校想办法。",
    "奶奶说孩子白天睡觉晚上玩游戏，劝了几次都不听。",
    "孩子担心落下的课补不上，也怕同学笑话。",
];

const PROMISED: &[&str] = &[
    "谈到最后孩子点头，愿意先回来试#周。",
    "学校答应安排插班和补课，由班主任一对一帮。",
    "家长在记录上签了字，说明天就送孩子到校。",
    "父亲在电话里答应#天内赶回来，亲自送去学校。",
    "家长没有明确表态，约定三天后再来。",
    "村干部一同劝说，讲明不得使用童工的规定。",
];

/// The fewest and most characters of a situation.
pub(super) const SITUATION_CHARS: std::ops::RangeInclusive<usize> = 112..=128;

/// What a teacher found, in about 120 characters: an ordinary visit, or one to a child who is not at school.
pub(super) fn situation(draw: &mut Draw, is_away: bool) -> String {
    let lists: [&[&str]; 5] =
        if is_away { [AWAY, HOUSEHOLD, AWAY, MEANS, PROMISED] } else { [HOUSEHOLD, MEANS, AT_HOME, AT_SCHOOL, TOLD] };
    // Some five sentences make 120 characters; drawn again until they do.
    let mut best = String::new();
    for _ in 0..200 {
        let leave_out = draw.below(8);
        let mut text = String::new();
        for (at, list) in lists.iter().enumerate() {
            let sentence = draw.text(list);
            if at != leave_out && !text.contains(sentence) {
                text.push_str(&filled(draw, sentence));
            }
        }
        best = text;
        if SITUATION_CHARS.contains(&best.chars().count()) {
            break;
        }
    }
    best
}

/// Puts numbers, amounts and places into a sentence.
fn filled(draw: &mut Draw, sentence: &str) -> String {
    const PLACES: &[&str] = &["东莞", "宁波", "义乌", "晋江", "昆山", "成都", "重庆", "西安", "深圳", "惠州"];
    const NUMBERS: &[&str] = &["两", "三", "四", "五", "六"];
    let mut text = String::new();
    for character in sentence.chars() {
        match character {
            '#' => text.push_str(draw.text(NUMBERS)),
            '¥' => text.push_str(&draw.between(12, 96).saturating_mul(50).to_string()),
            '@' => text.push_str(draw.text(PLACES)),
            _ => text.push(character),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::draw::Subject;
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_situation_has_about_120_characters_and_hardly_ever_comes_twice() {
        let mut draw = Draw::new(21, Subject::Visits);
        let texts: Vec<String> = (0..4000).map(|number| situation(&mut draw, number % 4 == 0)).collect();
        let chars: Vec<usize> = texts.iter().map(|text| text.chars().count()).collect();
        assert!(chars.iter().all(|count| SITUATION_CHARS.contains(count)), "seed 21: {:?}", chars.iter().max());
        let mean = chars.iter().sum::<usize>() as f64 / 4000.0;
        assert!((118.0..122.0).contains(&mean), "seed 21: {mean}");
        let distinct: BTreeSet<&String> = texts.iter().collect();
        assert!(distinct.len() > 3990, "seed 21: {}", distinct.len());
        assert!(texts.iter().all(|text| text.ends_with('。') && !text.contains(['#', '¥', '@'])), "seed 21");
    }
}
