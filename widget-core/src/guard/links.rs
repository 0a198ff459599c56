//! Links in a text, also those that a messenger makes of a bare name such as `example.org/x`.

use std::collections::BTreeSet;

/// The links of a text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Links {
    /// Hosts of links in good order, lower case.
    pub(super) hosts: BTreeSet<String>,
    /// Those of links in good order that stand in the cited passages, letter by letter.
    pub(super) cited: BTreeSet<String>,
    /// There is a link that is not in good order.
    pub(super) odd: bool,
}

/// What ends a link that stands in a sentence.
const AFTER: &[char] = &['.', ',', ';', ':', '!', '?', ')', ']', '»', '"', '\'', '…'];

/// The links of a text but for those that the guest wrote; those of the `cited` passages are told apart. An odd link is
/// odd wherever it stands: a guest cannot see where it leads.
pub(super) fn links(text: &str, guest: &[&str], cited: &[&str]) -> Links {
    let mut links = Links::default();
    let stands_in =
        |texts: &[&str], word: &str| texts.iter().any(|text| words(text).any(|own| own == word));
    for word in words(text).filter(|word| is_link(word) && !stands_in(guest, word)) {
        match host(word) {
            Some(host) if stands_in(cited, word) => _ = links.cited.insert(host),
            Some(host) => _ = links.hosts.insert(host),
            None => links.odd = true,
        }
    }
    links
}

/// The text without its links: letters and digits of an address are no words and no numbers.
pub(super) fn without(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    for word in words(text).filter(|word| is_link(word)) {
        if let Some((before, after)) = rest.split_once(word) {
            kept.push_str(before);
            rest = after;
        }
    }
    kept.push_str(rest);
    kept
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || "()<>«»\"[]".contains(c))
        .map(|word| word.trim_end_matches(AFTER))
        .filter(|word| !word.is_empty())
}

fn is_link(word: &str) -> bool {
    word.contains("://") || word.to_lowercase().starts_with("www.") || is_bare(word)
}

/// `example.org`, `example.org/x`; neither an e-mail address nor a sentence without a space: «руб.Также».
fn is_bare(word: &str) -> bool {
    let end = word.find(['/', '?', '#', ':']).unwrap_or(word.len());
    let labels: Vec<&str> = word[..end].split('.').collect();
    let is_label =
        |label: &&str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-');
    let Some((last, before)) = labels.split_last() else {
        return false;
    };
    let top = last.to_lowercase();
    let is_top = top.len() >= 2 && top.bytes().all(|b| b.is_ascii_lowercase()) || top == "рф";
    !before.is_empty() && is_top && labels.iter().all(is_label)
}

/// The host of a link in good order.
fn host(word: &str) -> Option<String> {
    let lower = word.to_lowercase();
    let address = match lower.split_once("://") {
        Some(("https", address)) => address,
        Some(_) => return None,
        None => lower.as_str(),
    };
    let end = address.find(['/', '?', '#', '\\']).unwrap_or(address.len());
    let authority = &address[..end];
    let host = authority
        .split_once(':')
        .map_or(authority, |(host, _)| host);
    let labels: Vec<&str> = host.split('.').collect();
    let is_good = |label: &&str| {
        let mut letters = label.chars().filter(|c| c.is_alphabetic());
        let ascii = letters.clone().all(|c| c.is_ascii());
        let other = letters.all(|c| !c.is_ascii());
        !label.is_empty()
            && !label.starts_with("xn--")
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            && (ascii || other)
    };
    let named = labels.len() >= 2 && labels.last()?.chars().any(char::is_alphabetic);
    (named && labels.iter().all(is_good)).then(|| host.to_owned())
}
