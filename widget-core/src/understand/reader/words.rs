//! The words of a text, spelled in one way: lower case, Cyrillic for Russian in Latin letters, no disguises.
//!
//! Our own, as no crate both undoes what guests do to words (transliteration, look-alike letters, stretched vowels,
//! starred-out swearing) and keeps the place of each word in the text, which is what an explanation points at.

mod latin;
pub(super) mod list;

/// A word, number or mark of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// Lower case, `ё` as `е`; a mark is one character. What was starred out is [`SWEARING`].
    pub word: String,
    /// First character in the text, from 0.
    pub from: u32,
    /// Length in characters.
    pub len: u32,
    /// Stands right after the token before it, without a space.
    pub glued: bool,
}

/// Stands for a word that its writer starred out: «бл*ть», «п***ц».
pub(super) const SWEARING: &str = "#";

/// No more words than these are read: a guest who writes more is not understood better.
const MOST_TOKENS: usize = 1_000;
/// No word is longer than this, in characters.
const LONGEST_WORD: usize = 40;

/// Abbreviations whose full stop ends no sentence.
const ABBREVIATIONS: [&str; 12] = [
    "взр", "чел", "реб", "дет", "кол", "мес", "руб", "тыс", "ком", "комн", "др", "им",
];

/// The tokens of a text. A word keeps its inner hyphens and apostrophes: «кто-нибудь», «we're».
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<(usize, char)> = text
        .chars()
        .enumerate()
        .map(|(at, c)| (at, plain(c)))
        .filter(|(_, c)| !is_invisible(*c))
        .collect();
    let mut tokens: Vec<Token> = Vec::new();
    let mut at = 0;
    while at < chars.len() && tokens.len() < MOST_TOKENS {
        let first = chars[at].1;
        if first.is_whitespace() && first != '\n' {
            at += 1;
            continue;
        }
        let end = end_of_token(&chars, at);
        let abbreviated = first == '.'
            && tokens
                .last()
                .is_some_and(|last| ABBREVIATIONS.contains(&last.word.as_str()));
        if !abbreviated {
            let from = chars[at].0;
            let to = chars[end - 1].0 + 1;
            tokens.push(Token {
                word: spelled(&chars[at..end]),
                from: short(from),
                len: short(to - from),
                glued: at > 0 && !chars[at - 1].1.is_whitespace(),
            });
        }
        at = end;
    }
    latin::into_cyrillic(&mut tokens);
    tokens
}

fn end_of_token(chars: &[(usize, char)], at: usize) -> usize {
    let run = |from: usize, is: fn(char) -> bool| {
        let rest = chars[from.min(chars.len())..].iter();
        rest.take_while(|(_, c)| is(*c)).count()
    };
    let get = |index: usize| chars.get(index).map(|(_, c)| *c);
    let letter_at = |index: usize| get(index).is_some_and(is_letter);
    let first = chars[at].1;
    if first.is_ascii_digit() {
        return at + 1 + run(at + 1, |c| c.is_ascii_digit());
    }
    if !is_letter(first) {
        return at + 1;
    }
    let mut end = at + 1;
    loop {
        end += run(end, is_letter);
        match get(end) {
            Some('-' | '\'' | '0') if letter_at(end + 1) => end += 1,
            // Letters in disguise: «бл*ть», «опл@тил», «д0ма»; but not «нас5».
            Some('*' | '@' | '$') if end - at <= 12 => {
                let stars = run(end, |c| matches!(c, '*' | '@' | '$' | '#'));
                let bold = at > 0 && chars[at - 1].1 == '*';
                let starred = get(end) == Some('*') && !bold && (stars > 1 || end - at <= 4);
                if letter_at(end + stars) || starred {
                    end += stars;
                } else {
                    break;
                }
            }
            _ => break,
        }
        if end >= chars.len() {
            break;
        }
    }
    end
}

/// A word as it is looked up.
fn spelled(chars: &[(usize, char)]) -> String {
    let has = |c: char| chars.iter().any(|(_, other)| *other == c);
    if chars.len() > 1 && has('*') {
        return SWEARING.to_owned();
    }
    let cyrillic = chars.iter().any(|(_, c)| is_cyrillic(*c));
    let latin = chars.iter().any(|(_, c)| c.is_ascii_alphabetic());
    let letters = is_letter(chars[0].1);
    let mut word = String::with_capacity(chars.len() * 2);
    let mut run = 0;
    for (at, (_, c)) in chars.iter().take(LONGEST_WORD).enumerate() {
        let c = match c {
            '0' if letters => 'о',
            '@' if letters => 'а',
            '$' if letters => 'с',
            c if cyrillic && latin => look_alike(*c),
            c => *c,
        };
        let same = |offset: usize| chars.get(at + offset).is_some_and(|(_, next)| *next == c);
        run = if at > 0 && chars[at - 1].1 == c {
            run + 1
        } else {
            0
        };
        // «Спасииибо»: a letter three times or more is one.
        let stretched = letters && (run > 1 || run == 1 && same(1));
        if !stretched {
            word.push(c);
        }
    }
    word
}

/// One character for one, so that positions stay those of the text.
fn plain(c: char) -> char {
    if is_plain(c) {
        return c;
    }
    let mut lower = c.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some('ё'), None) => 'е',
        (Some('’' | '`' | 'ʼ'), None) => '\'',
        (Some('‑'), None) => '-',
        // Full-width digits and the like.
        (Some(wide @ '\u{ff01}'..='\u{ff5e}'), None) => {
            char::from_u32(u32::from(wide) - 0xfee0).unwrap_or(wide)
        }
        (Some(lower), None) => lower,
        _ => c,
    }
}

/// The letters of which texts mostly are: told before the tables of Unicode are asked.
fn is_plain(c: char) -> bool {
    matches!(c, 'а'..='я' | 'a'..='z')
}

fn is_letter(c: char) -> bool {
    is_plain(c) || c.is_alphabetic()
}

/// Marks that are not seen: joiners, directions, accents, skin tones, variation selectors.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{1f3fb}'..='\u{1f3ff}'
        | '\u{e0000}'..='\u{e0fff}')
        || (c.is_control() && c != '\n' && c != '\t' && c != '\r')
}

pub(super) fn is_cyrillic(c: char) -> bool {
    matches!(c, '\u{400}'..='\u{4ff}')
}

/// The Cyrillic letter that a Latin one passes for.
fn look_alike(c: char) -> char {
    match c {
        'a' => 'а',
        'b' => 'в',
        'c' => 'с',
        'e' => 'е',
        'h' => 'н',
        'k' => 'к',
        'm' => 'м',
        'o' => 'о',
        'p' => 'р',
        't' => 'т',
        'x' => 'х',
        'y' | 'u' => 'у',
        'r' => 'г',
        other => other,
    }
}

fn short(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|token| token.word).collect()
    }

    #[test]
    fn tokens_know_their_place_in_characters() {
        let found = tokens("Ёлка, кто-нибудь 5чел.");
        let words: Vec<(&str, u32, u32)> = found
            .iter()
            .map(|token| (token.word.as_str(), token.from, token.len))
            .collect();
        assert_eq!(
            words,
            [
                ("елка", 0, 4),
                (",", 4, 1),
                ("кто-нибудь", 6, 10),
                ("5", 17, 1),
                ("чел", 18, 3)
            ]
        );
    }

    #[test]
    fn disguises_are_undone() {
        for (text, plain) in [
            ("СПАСИИИБО", "спасибо"),
            ("оплaтил", "оплатил"),
            ("опл@тил", "оплатил"),
            ("д0зв0нился", "дозвонился"),
            ("спа\u{200b}си\u{301}бо", "спасибо"),
            ("длинный", "длинный"),
            ("бл*ть", SWEARING),
            ("п***ц", SWEARING),
            ("бл*", SWEARING),
        ] {
            assert_eq!(words(text), [plain], "{text}");
        }
        assert_eq!(words("*да*"), ["*", "да", "*"]);
        assert_eq!(words("нас5"), ["нас", "5"]);
        assert_eq!(words("ребенку3года"), ["ребенку", "3", "года"]);
        assert_eq!(words("👍🏽"), ["👍"]);
        let hidden = tokens("да \u{200e}спа\u{200b}сибо");
        assert_eq!((hidden[1].from, hidden[1].len), (4, 8));
    }

    #[test]
    fn russian_in_latin_letters_is_read() {
        for (text, plain) in [
            (
                "privet, skolko stoit nomer?",
                "привет , сколко стоит номер ?",
            ),
            ("Zdravstvuyte ya oplatil", "здравствуйте я оплатил"),
            ("nas 5 4elovek", "нас 5 человек"),
            ("zhena i rebenok", "жена и ребенок"),
        ] {
            assert_eq!(words(text).join(" "), plain, "{text}");
        }
        for text in [
            "how much is the room?",
            "we are five people",
            "thank you",
            "wifi",
        ] {
            assert!(words(text).iter().all(|word| word.is_ascii()), "{text}");
        }
    }

    #[test]
    fn hostile_text_is_bounded() {
        let long = "а".repeat(100_000);
        assert_eq!(words(&long), ["а"]);
        let mixed = "аб".repeat(50_000);
        assert_eq!(words(&mixed)[0].chars().count(), LONGEST_WORD);
        assert_eq!(tokens(&"👍 ".repeat(50_000)).len(), MOST_TOKENS);
        assert!(tokens(&"\u{202e}".repeat(100_000)).is_empty());
    }
}
