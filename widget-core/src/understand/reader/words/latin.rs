//! Russian in Latin letters: «privet», «4elovek», «zhena».

use super::{Token, is_cyrillic};

/// Words by which English is told from Russian in Latin letters, sorted. Left out are those that spell a Russian word
/// as well: «my», «no», «do».
#[rustfmt::skip]
const ENGLISH: &[&str] = &[
    "about", "additional", "address", "adjoining", "adult", "adults", "after", "afternoon", "again", "aged", "agent",
    "airport", "alive", "all", "allergic", "allergy", "already", "alright", "also", "although", "altogether", "am",
    "amazing", "ambulance", "amount", "an", "and", "angry", "animal", "animals", "another", "answer", "answers", "any",
    "anybody", "anyone", "appreciate", "april", "are", "aren't", "arrival", "arrive", "arrived", "arriving", "asap",
    "ask", "asked", "asking", "at", "attach", "attached", "attachment", "august", "automated", "autumn", "availability",
    "available", "awful", "babies", "baby", "back", "bad", "bag", "balance", "balcony", "bank", "bathroom", "be",
    "because", "bed", "beds", "been", "before", "behind", "being", "best", "between", "big", "bill", "birthday",
    "bleeding", "blood", "book", "booked", "booking", "bookings", "bot", "both", "breakfast", "breathe", "breathing",
    "brilliant", "bring", "bringing", "broken", "brother", "brought", "btw", "building", "burning", "bus", "but", "bye",
    "call", "came", "can", "can't", "cancel", "canceled", "cancelled", "cannot", "car", "card", "cash", "cat", "cats",
    "certificate", "change", "charge", "charged", "charger", "charges", "chatbot", "cheap", "check", "check-in",
    "check-out", "checkin", "checkout", "cheers", "chest", "child", "children", "city", "close", "cold", "collapsed",
    "colleague", "come", "comes", "coming", "company", "complain", "complaint", "confirm", "confirmation", "confirmed",
    "connect", "connecting", "copy", "correct", "cost", "costs", "could", "couple", "couples", "cracking", "customer",
    "dad", "daughter", "daughters", "day", "days", "dead", "dear", "december", "delicious", "depart", "departure",
    "deposit", "desk", "diagnosis", "did", "didn't", "diet", "different", "dinner", "dirty", "disappointed",
    "disappointing", "discount", "disgusting", "doctor", "documents", "does", "doesn't", "dog", "dogs", "doing",
    "dollars", "don't", "done", "dont", "door", "double", "double-check", "during", "each", "early", "eight",
    "elevator", "emergency", "employees", "enjoyed", "error", "euro", "euros", "evening", "everyone", "excellent",
    "expensive", "expired", "extend", "extension", "extra", "fainted", "family", "far", "fast", "father", "february",
    "feedback", "fell", "final", "find", "fine", "fire", "first", "five", "flood", "flooding", "floor", "food", "for",
    "forgot", "forgotten", "fortnight", "found", "four", "free", "freezing", "friday", "friend", "friendly", "friends",
    "from", "front", "fyi", "gave", "get", "give", "given", "glasses", "go", "goes", "going", "gone", "gonna", "good",
    "got", "grandchildren", "granddaughter", "grandma", "grandson", "great", "group", "guest", "guests", "gym", "had",
    "has", "hasn't", "have", "haven't", "having", "heart", "heater", "heating", "hello", "help", "helpful", "her",
    "here", "here's", "hey", "hi", "himself", "his", "hmm", "hope", "hoping", "horrible", "hot", "hotel", "hour",
    "hours", "house", "how", "however", "human", "hurt", "husband", "i'd", "i'll", "i'm", "i've", "if", "impossible",
    "in", "include", "included", "includes", "including", "infant", "interconnecting", "internet", "into", "invoice",
    "is", "isn't", "it's", "its", "jacket", "january", "july", "june", "just", "keep", "kept", "key", "kid", "kids",
    "kind", "kindly", "knee", "knew", "know", "landed", "laptop", "large", "last", "late", "leak", "leaking", "leave",
    "left", "lets", "lie", "lied", "lift", "like", "liked", "link", "links", "little", "live", "loading", "location",
    "locked", "long", "longer", "look", "looking", "looks", "lost", "love", "loved", "lovely", "lunch", "machine",
    "madam", "made", "make", "manager", "many", "map", "march", "massage", "may", "maybe", "medical", "merge",
    "message", "messages", "midnight", "might", "mine", "minute", "minutes", "missing", "mistake", "mold", "mom",
    "monday", "money", "month", "month-old", "months", "more", "morning", "mother", "mould", "much", "mud", "mum",
    "must", "nd", "near", "need", "needed", "needful", "needing", "needs", "never", "new", "next", "nice", "night",
    "nights", "nine", "nobody", "noisy", "noon", "nope", "not", "nothing", "november", "now", "nurse", "october", "of",
    "off", "office", "oh", "ok", "okay", "old", "one", "only", "open", "opens", "operator", "or", "our", "ours", "out",
    "over", "package", "packages", "page", "paid", "pain", "papers", "parents", "parking", "partner", "party",
    "passport", "password", "pay", "paying", "payment", "payments", "people", "perfect", "perhaps", "person", "persons",
    "pet", "pets", "phone", "plan", "planning", "please", "pls", "plz", "pm", "pool", "possible", "prepayment",
    "pressure", "previous", "price", "priced", "prices", "procedure", "procedures", "program", "programme", "proof",
    "qr", "quick", "quickly", "quite", "rabbit", "rate", "rates", "rather", "rd", "real", "really", "recalculate",
    "receipt", "receipts", "receive", "received", "reception", "receptionist", "recheck", "recommend", "refund",
    "refunded", "refunds", "regards", "reissue", "relax", "remove", "reply", "resend", "reservation", "reservations",
    "reserve", "resort", "rest", "returned", "returning", "revert", "review", "ridiculous", "ring", "robot", "room",
    "rooms", "rubles", "rude", "said", "same", "sanatorium", "saturday", "sauna", "says", "scam", "screenshot",
    "second", "see", "send", "sent", "separate", "september", "service", "seven", "shall", "shame", "she", "sheets",
    "shocking", "short", "should", "show", "showed", "shower", "side", "since", "single", "sink", "sister", "site",
    "six", "slow", "small", "smashing", "smell", "smells", "smoke", "soap", "some", "somebody", "someone", "sons",
    "soon", "sorry", "spa", "spam", "sparking", "sparks", "speak", "st", "staff", "stars", "start", "started",
    "station", "stay", "stayed", "staying", "still", "stop", "stopped", "stuck", "suite", "sum", "summer", "sunday",
    "superb", "support", "sure", "swelling", "swimming", "switch", "swollen", "take", "taken", "taking", "talk", "taxi",
    "telephone", "tell", "ten", "terrible", "texting", "th", "than", "thank", "thanks", "that", "that's", "the",
    "their", "theirs", "them", "then", "therapy", "there", "there's", "these", "they", "they're", "think", "third",
    "this", "those", "though", "thought", "three", "through", "thursday", "thx", "till", "time", "today", "toddler",
    "toilet", "told", "tomorrow", "tonight", "too", "took", "towels", "train", "transaction", "transfer", "transferred",
    "trapped", "travel", "traveling", "travelling", "travels", "treatment", "treatments", "tried", "try", "trying",
    "tuesday", "turning", "twice", "twin", "twins", "two", "unacceptable", "unconscious", "under", "unsubscribe",
    "until", "ur", "urgent", "urgently", "use", "used", "using", "vacancies", "vacancy", "vacant", "very", "view",
    "visit", "visited", "visiting", "wait", "waited", "waiting", "wallet", "wanna", "want", "wanted", "wants", "warm",
    "was", "wasn't", "water", "we", "we'd", "we'll", "we're", "we've", "website", "wednesday", "week", "weekend",
    "weeks", "well", "went", "were", "what", "what's", "when", "where", "whether", "which", "while", "who", "whose",
    "why", "wife", "wifi", "will", "winter", "wire", "wired", "wish", "with", "without", "won't", "wonderful", "work",
    "working", "works", "worst", "would", "wow", "write", "writing", "wrong", "yeah", "year", "years", "years-old",
    "yep", "yes", "yesterday", "you", "you're", "you've", "your", "yours",
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
