use super::*;
use crate::trace::Lang;

fn file(name: &str, text: &str) -> BaseFile {
    BaseFile {
        name: name.to_owned(),
        text: text.to_owned(),
    }
}

const ROOMS: &str = "# Номера

Всё о номерах.

## Заезд и выезд {#checkin}
- Во сколько заселение?
- Когда надо освободить номер?

Заезд с **14:00**,
выезд до 12:00.

Раньше — [по звонку](https://example.org).
- без доплаты

<!-- ## Не для гостей
спросить у завхоза -->
## Парковка
Бесплатная парковка у ворот.

## Раздел

### Питомцы
С животными нельзя.
";

#[test]
fn a_heading_with_words_under_it_is_a_passage() {
    let passages = read(&[file("rooms.md", ROOMS)]).unwrap();
    let ids: Vec<&str> = passages.iter().map(|passage| passage.id.as_str()).collect();
    assert_eq!(ids, ["номера", "checkin", "парковка", "питомцы"]);
    let checkin = &passages[1];
    assert_eq!(checkin.title, "Заезд и выезд");
    assert_eq!(
        checkin.questions,
        ["Во сколько заселение?", "Когда надо освободить номер?"]
    );
    assert_eq!(
        checkin.text,
        "Заезд с 14:00, выезд до 12:00.\nРаньше — по звонку: https://example.org.\n• без доплаты"
    );
}

#[test]
fn a_table_of_questions_and_answers_is_read_with_commas_or_semicolons() {
    for text in [
        "\u{feff}Вопрос;Ответ\r\n\"Есть сауна?|А баня?\";\"Да: «\"\"Русская\"\"»;\r\nкаждый день\"\r\n;;\r\nWi-Fi?;Бесплатно\r\n",
        "question,answer\n\"Есть сауна?\nА баня?\",\"Да: «\"\"Русская\"\"»;\nкаждый день\"\nWi-Fi?,Бесплатно",
    ] {
        let passages = read(&[file("faq.csv", text)]).unwrap();
        assert_eq!(passages.len(), 2, "{passages:?}");
        assert_eq!(passages[0].id, "есть-сауна");
        assert_eq!(passages[0].questions, ["А баня?"]);
        assert_eq!(passages[0].text, "Да: «\"Русская\"»;\nкаждый день");
        assert_eq!(passages[1].id, "wi-fi");
    }
}

#[test]
fn everything_wrong_with_a_base_is_told_with_its_place() {
    let long = format!("## Долго\n{}", "слово ".repeat(200));
    let findings = read(&[
        file("a.md", "## Заезд\nС 14.\n\n## Заезд\nС 15.\n"),
        file("b.md", &long),
        file("c.md", "## Без ответа\n- Какой?\n"),
        file("d.md", "## Имя {#два слова}\nДа.\n"),
        file("e.csv", "что,как\n1,2\n"),
        file("f.txt", "Да"),
    ])
    .unwrap_err();
    let places: Vec<&str> = findings.iter().map(|found| found.place.as_str()).collect();
    assert_eq!(
        places,
        ["e.csv:1", "f.txt", "a.md:4", "b.md:1", "c.md:1", "d.md:1"]
    );
    let large = read(&[file("a.md", &"а".repeat(MOST_BYTES))]).unwrap_err();
    assert_eq!(large[0].problem, BaseProblem::TooLarge);
    for finding in findings.iter().chain(&large) {
        let (ru, en) = (
            finding.problem.text(Lang::Ru),
            finding.problem.text(Lang::En),
        );
        let is_russian = |text: &str| text.chars().any(|c| ('а'..='я').contains(&c));
        // What the house itself wrote stays as it is.
        let en = en.replace("заезд", "").replace("два слова", "");
        assert!(is_russian(&ru) && !is_russian(&en), "{ru} {en}");
    }
}

#[test]
fn a_term_is_letters_alone_and_one_word_for_many() {
    assert_eq!(
        terms("А вай-фай/Wi-Fi бесплатный в номерах 2-го корпуса?"),
        ["вайфай", "вайфай", "платно", "номер", "го", "корпус"]
    );
    assert_eq!(
        terms("Здравствуйте, подскажите пожалуйста!"),
        Vec::<String>::new()
    );
    let hostile = "' OR \"1\"=\"1\"; -- ** NEAR(a b) санаторно-курортная_карта \u{0} 😀 e\u{301}té";
    for term in terms(hostile) {
        assert!(term.chars().all(char::is_alphabetic), "{term:?}");
    }
    assert!(terms(&"слово ".repeat(10_000)).len() <= 400);
}

#[test]
fn a_message_falls_into_its_sentences() {
    assert_eq!(
        sentences("Добрый день! Есть бассейн?? А заезд с 10.12 во сколько\nи парковка."),
        [
            "Добрый день!",
            "Есть бассейн??",
            "А заезд с 10.12 во сколько",
            "и парковка."
        ]
    );
    assert!(sentences(" ?! \n").is_empty());
}

fn index() -> Index {
    let text = format!("{ROOMS}\n## Бассейн\n- Есть бассейн?\nБассейн открыт с 8 до 22.\n");
    Index::new(&read(&[file("rooms.md", &text)]).unwrap())
}

#[test]
fn a_question_finds_its_passage_with_slips_and_other_words() {
    let index = index();
    for (question, expected) in [
        ("есть ли у вас бассейн", "бассейн"),
        ("басейн работает?", "бассейн"),
        ("бассеин", "бассейн"),
        ("можно с собакой?", "питомцы"),
        ("skolko stoit parkovka", "парковка"),
        ("куда поставить машину", "парковка"),
        ("во сколько засиление", "checkin"),
    ] {
        let found = index.rank(&index.hear(question));
        let first = found.first().map(|found| found.id.as_str());
        assert_eq!(first, Some(expected), "{question}: {found:?}");
    }
    assert!(index.rank(&index.hear("вертолётная площадка")).is_empty());
    assert!(index.rank(&index.hear("Здравствуйте")).is_empty());
}

#[test]
fn whoever_has_none_of_the_terms_is_worth_nothing_so_a_database_may_choose() {
    let index = index();
    let query = index.hear("во сколько засиление с сабакой");
    let wanted = query.terms();
    let among = |place: usize| {
        index
            .terms_of(place)
            .any(|term| wanted.iter().any(|t| t == term))
    };
    let all = index.rank(&query);
    assert!(!all.is_empty());
    for found in &all {
        assert!(among(found.place), "{found:?}");
    }
    let best = all[0].id.clone();
    let alone = index.rank_among(&query, |id| id == best);
    assert_eq!(alone, all[..1]);
}

#[test]
fn confidence_meets_the_policys_limit_where_an_answer_is_sure() {
    assert_eq!(confidence(0.0), 0);
    assert_eq!(confidence(SURE), 70);
    assert_eq!(confidence(SURE - 0.001), 69);
    assert_eq!(confidence(1.0), 100);
    assert!(is_sure([SURE]) && is_sure([0.9, 0.8]));
    assert!(!is_sure([]) && !is_sure([SURE - 0.01]));
    assert!(!is_sure([0.9, 0.89]), "two answers are none");
}

#[test]
fn issue_9_4_questions_that_ask_the_same_are_one_group() {
    let asked = |at: i64, text: &str| Question {
        text: text.to_owned(),
        at,
    };
    let groups = grouped(vec![
        asked(1, "Есть ли у вас барокамера?"),
        asked(2, "сколько стоит няня на вечер"),
        asked(3, "Здравствуйте"),
        asked(4, "барокамера есть"),
    ]);
    let shown: Vec<(usize, &str)> = groups
        .iter()
        .map(|group| (group.questions.len(), group.questions[0].text.as_str()))
        .collect();
    assert_eq!(
        shown,
        [(2, "барокамера есть"), (1, "сколько стоит няня на вечер")]
    );
}
