//! Thanks without a question.

use super::slots::span;
use super::words::Token;

#[rustfmt::skip]
const THANKS: &[&str] = &[
    "спасибо", "спасибочки", "спасиб", "пасиб", "пасибо", "спс", "благодарю", "благодарим", "благодарна",
    "благодарен", "мерси", "thanks", "thank", "thx",
];

/// Words that may stand beside the thanks. «Да» and «нет» are not among them: they answer a question.
#[rustfmt::skip]
const BESIDE: &[&str] = &[
    "большое", "огромное", "вам", "вас", "тебе", "очень", "за", "ответ", "ответы", "помощь", "информацию",
    "консультацию", "подробный", "быстрый", "внимание", "и", "вы", "мне", "помогли", "ок", "окей", "ok",
    "okay", "хорошо", "понятно", "понял", "поняла", "ясно", "отлично", "супер", "ладно", "все", "всем",
    "заранее", "you", "very", "much", "so", "a", "lot", "for", "your", "help", "the", "answer",
];

/// Signs that stand for thanks or a nod.
const SIGNS: &str = "👍🙏👌🤝❤♥💐🌹🌷😊☺🙂😀😃😄🥰😍😘🤗💖💕💛💚💙💜🧡👏🔥✅";
const BESIDE_SIGNS: &str = ",.!)(❤\n";

/// Where the message says thanks, if it says nothing else. A bare «ок» is no thanks: it may be an answer.
pub(super) fn thanks_only(tokens: &[Token]) -> Option<(u32, u32)> {
    let is_sign = |token: &Token| SIGNS.contains(token.word.as_str());
    let nothing_else = tokens.iter().all(|token| {
        let word = token.word.as_str();
        THANKS.contains(&word)
            || BESIDE.contains(&word)
            || is_sign(token)
            || BESIDE_SIGNS.contains(word)
    });
    let thanks = tokens
        .iter()
        .position(|token| THANKS.contains(&token.word.as_str()))
        .or_else(|| {
            let words = tokens
                .iter()
                .any(|token| BESIDE.contains(&token.word.as_str()));
            tokens.iter().position(is_sign).filter(|_| !words)
        })?;
    nothing_else.then(|| span(tokens, thanks, thanks + 1))
}
