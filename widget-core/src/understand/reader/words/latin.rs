//! Russian in Latin letters: «privet», «4elovek», «zhena».

use super::{Token, is_cyrillic};

/// Words by which English is told from Russian in Latin letters, sorted. Left out are those that spell a Russian word
/// as well: «my», «no», «do».
#[rustfmt::skip]
const ENGLISH: &[&str] = &[
    "about", "additional", "address", "adult", "adults", "after", "afternoon", "again", "agent", "airport", "alive",
    "all", "already", "alright", "also", "although", "am", "amazing", "amount", "an", "and", "angry", "another",
    "answer", "answers", "any", "anybody", "anyone", "appreciate", "april", "are", "aren't", "arrival", "arrive",
    "arrived", "arriving", "asap", "ask", "asked", "asking", "at", "attach", "attached", "attachment", "august",
    "automated", "availability", "available", "awful", "baby", "back", "bad", "bag", "balance", "balcony", "bank",
    "bathroom", "be", "because", "bed", "beds", "been", "before", "being", "best", "between", "big", "bill", "blood",
    "book", "booked", "booking", "bookings", "bot", "both", "breakfast", "bring", "broken", "brother", "brought",
    "btw", "building", "bus", "but", "bye", "call", "came", "can", "can't", "cancel", "cannot", "car", "card", "cash",
    "cat", "cats", "change", "charged", "charger", "chatbot", "cheap", "check", "check-in", "check-out", "checkin",
    "checkout", "cheers", "child", "children", "city", "close", "cold", "colleague", "come", "coming", "company",
    "complain", "complaint", "confirm", "confirmation", "confirmed", "connect", "copy", "cost", "costs", "could",
    "couple", "customer", "dad", "daughter", "day", "days", "dear", "december", "depart", "departure", "deposit",
    "desk", "diagnosis", "did", "didn't", "diet", "different", "dinner", "dirty", "disappointed", "discount",
    "doctor", "does", "doesn't", "dog", "dogs", "doing", "dollars", "don't", "done", "dont", "door", "double",
    "during", "early", "eight", "elevator", "employees", "enjoyed", "error", "euro", "euros", "evening", "everyone",
    "excellent", "expensive", "expired", "extend", "extension", "extra", "family", "far", "fast", "father",
    "february", "final", "find", "fine", "fire", "first", "five", "floor", "food", "for", "forgot", "forgotten",
    "fortnight", "found", "four", "free", "friday", "friend", "friendly", "friends", "from", "front", "fyi", "gave",
    "get", "give", "given", "go", "goes", "going", "gone", "gonna", "good", "got", "granddaughter", "grandma",
    "grandson", "great", "group", "guest", "guests", "gym", "had", "has", "hasn't", "have", "haven't", "having",
    "heart", "heating", "hello", "help", "helpful", "her", "here", "here's", "hey", "hi", "himself", "his", "hmm",
    "hope", "hoping", "horrible", "hot", "hotel", "hour", "hours", "house", "how", "however", "human", "husband",
    "i'd", "i'll", "i'm", "i've", "if", "impossible", "in", "include", "included", "includes", "including", "infant",
    "internet", "into", "invoice", "is", "isn't", "it's", "its", "jacket", "january", "july", "june", "just", "keep",
    "kept", "key", "kid", "kids", "kind", "kindly", "knee", "knew", "know", "landed", "large", "last", "late", "leak",
    "leaking", "leave", "left", "lets", "lie", "lied", "lift", "like", "link", "links", "little", "live", "loading",
    "location", "locked", "long", "longer", "look", "looking", "looks", "lost", "loved", "lovely", "lunch", "machine",
    "madam", "made", "make", "manager", "map", "march", "massage", "may", "maybe", "medical", "merge", "message",
    "messages", "midnight", "might", "mine", "minute", "minutes", "mom", "monday", "money", "month", "months", "more",
    "morning", "mother", "much", "mud", "mum", "must", "nd", "near", "need", "needed", "needful", "needing", "needs",
    "never", "new", "next", "nice", "night", "nights", "nine", "nobody", "noisy", "noon", "nope", "not", "nothing",
    "november", "now", "october", "of", "off", "office", "oh", "ok", "okay", "old", "one", "only", "open", "opens",
    "operator", "or", "our", "ours", "out", "over", "package", "packages", "page", "paid", "pain", "parents",
    "parking", "passport", "password", "pay", "payment", "people", "perfect", "perhaps", "person", "pet", "pets",
    "phone", "plan", "planning", "please", "pls", "plz", "pm", "pool", "possible", "prepayment", "pressure",
    "previous", "price", "prices", "procedure", "procedures", "program", "programme", "proof", "qr", "quickly",
    "quite", "rate", "rates", "rather", "rd", "real", "really", "receipt", "receive", "received", "reception",
    "receptionist", "recommend", "refund", "regards", "relax", "remove", "reply", "resend", "reservation",
    "reservations", "reserve", "resort", "rest", "revert", "review", "robot", "room", "rooms", "rubles", "rude",
    "said", "same", "sanatorium", "saturday", "sauna", "says", "scam", "screenshot", "second", "see", "send", "sent",
    "september", "service", "seven", "shall", "shame", "she", "sheets", "short", "should", "show", "showed", "shower",
    "since", "single", "sister", "site", "six", "slow", "small", "smell", "smoke", "soap", "some", "somebody",
    "someone", "soon", "sorry", "spa", "spam", "speak", "st", "staff", "start", "started", "station", "stay",
    "staying", "still", "stop", "stopped", "stuck", "suite", "sum", "sunday", "support", "sure", "swimming", "take",
    "taken", "taking", "talk", "taxi", "tell", "ten", "terrible", "texting", "th", "than", "thank", "thanks", "that",
    "that's", "the", "their", "theirs", "them", "then", "there", "there's", "they", "they're", "think", "third",
    "this", "though", "thought", "three", "through", "thursday", "thx", "till", "time", "today", "toddler", "told",
    "tomorrow", "tonight", "too", "took", "towels", "train", "transaction", "transfer", "transferred", "treatment",
    "treatments", "tried", "try", "trying", "tuesday", "twice", "twin", "twins", "two", "unacceptable", "under",
    "unsubscribe", "until", "ur", "urgent", "use", "used", "using", "vacancy", "vacant", "very", "view", "visit",
    "visited", "visiting", "wait", "wanna", "want", "wanted", "wants", "was", "wasn't", "water", "we", "we'll",
    "we're", "we've", "website", "wednesday", "week", "weekend", "weeks", "well", "went", "were", "what", "what's",
    "when", "where", "whether", "which", "while", "who", "whose", "why", "wife", "wifi", "will", "wish", "with",
    "won't", "wonderful", "work", "worst", "would", "wow", "write", "writing", "wrong", "yeah", "year", "years",
    "years-old", "yep", "yes", "yesterday", "you", "you've", "your", "yours",
];

/// Latin words that stay as they are in Russian too.
const NAMES: &[&str] = &[
    "whatsapp", "wifi", "wi-fi", "spa", "visa", "ok", "pdf", "qr", "id", "tv", "vip", "sms",
    "email",
];

/// Letters and groups of letters; the longest that fits comes first.
#[rustfmt::skip]
const LETTERS: &[(&str, &str)] = &[
    ("shch", "щ"), ("sch", "щ"), ("sh", "ш"), ("ch", "ч"), ("zh", "ж"), ("kh", "х"), ("ts", "ц"), ("tz", "ц"),
    ("yo", "е"), ("jo", "е"), ("yu", "ю"), ("ju", "ю"), ("iu", "ю"), ("ya", "я"), ("ja", "я"), ("ia", "ия"), ("ye", "е"),
    ("ck", "к"), ("ph", "ф"), ("a", "а"), ("b", "б"), ("c", "ц"), ("d", "д"), ("e", "е"), ("f", "ф"), ("g", "г"),
    ("h", "х"), ("i", "и"), ("j", "й"), ("k", "к"), ("l", "л"), ("m", "м"), ("n", "н"), ("o", "о"), ("p", "п"),
    ("q", "к"), ("r", "р"), ("s", "с"), ("t", "т"), ("u", "у"), ("v", "в"), ("w", "в"), ("x", "х"), ("z", "з"),
    ("'", "ь"), ("4", "ч"), ("6", "ш"),
];

/// Spells Latin words in Cyrillic where the text is Russian: as soon as a part of it is Cyrillic, or too few of its
/// words are English.
pub(super) fn into_cyrillic(tokens: &mut Vec<Token>) {
    let is_latin = |token: &Token| token.word.starts_with(|c: char| c.is_ascii_alphabetic());
    let latin = tokens.iter().filter(|token| is_latin(token)).count();
    if latin == 0 {
        return;
    }
    let english = tokens
        .iter()
        .filter(|token| ENGLISH.binary_search(&token.word.as_str()).is_ok())
        .count();
    let cyrillic = tokens
        .iter()
        .filter(|token| token.word.starts_with(is_cyrillic))
        .count();
    // A Latin word or two within Russian are names and English words.
    if cyrillic > 0 || english * 4 >= latin {
        return;
    }
    join_digits(tokens);
    for token in tokens
        .iter_mut()
        .filter(|token| token.word.contains(|c: char| c.is_ascii_alphabetic()))
    {
        if !NAMES.contains(&token.word.as_str()) {
            token.word = spelled(&token.word);
        }
    }
}

/// «4elovek» is one word here, and so is «chetyre6».
fn join_digits(tokens: &mut Vec<Token>) {
    let mut at = 0;
    while at + 1 < tokens.len() {
        let (one, next) = (&tokens[at], &tokens[at + 1]);
        let letters = next.glued && next.word.starts_with(|c: char| c.is_ascii_alphabetic());
        // «5let», «3dnya»: a number and what it counts; «4el», «6est» begin a word.
        let letter = matches!(
            (one.word.as_str(), next.word.get(..2)),
            ("4", Some("el" | "as" | "to" | "et" | "em" | "it" | "is"))
                | ("6", Some("es" | "li" | "to"))
        );
        if letters && letter {
            let next = tokens.remove(at + 1);
            let one = &mut tokens[at];
            one.word.push_str(&next.word);
            one.len = next.from + next.len - one.from;
        }
        at += 1;
    }
}

fn spelled(word: &str) -> String {
    let mut cyrillic = String::with_capacity(word.len() * 2);
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        if first == 'y'
            && !["yo", "yu", "ya", "ye"]
                .iter()
                .any(|group| rest.starts_with(group))
        {
            // «moy», «kakoy» end in «й»; «my», «vy», «byl» have «ы».
            let after_vowel = cyrillic.ends_with(['а', 'е', 'и', 'о', 'у', 'ы', 'э', 'ю', 'я']);
            cyrillic.push(if after_vowel { 'й' } else { 'ы' });
            rest = &rest[1..];
        } else if let Some((group, letter)) =
            LETTERS.iter().find(|(group, _)| rest.starts_with(group))
        {
            cyrillic.push_str(letter);
            rest = &rest[group.len()..];
        } else {
            cyrillic.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    cyrillic
}

#[cfg(test)]
mod tests {
    use super::ENGLISH;

    #[test]
    fn the_list_is_sorted() {
        assert!(ENGLISH.is_sorted());
    }
}
