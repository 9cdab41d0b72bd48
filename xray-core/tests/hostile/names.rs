use xray_core::Recorder;

use crate::support::{logged_of, recorder};

#[test]
fn every_character_there_is_makes_a_valid_name_and_few_are_told() {
    let (xray, wire) = recorder();
    for _ in 0..3 {
        xray.begin_segment("told|once").subsegment("told|too").end();
        xray.begin_segment("{}").end();
    }
    assert_eq!((logged_of("\"toldonce\""), logged_of("\"toldtoo\"")), (1, 1));
    assert!(logged_of("a name without a character") >= 1);
    wire.take();
    let all: Vec<char> = ('\0'..=char::MAX).collect();
    for chars in all.chunks(199) {
        let name: String = chars.iter().collect();
        xray.begin_segment(&name).end();
    }
    let documents = wire.take();
    assert_eq!(documents.len(), all.len().div_ceil(199));
    assert_eq!(xray.stats().dropped(), 0);
    assert!(logged_of("name") <= 1_000);
}

#[test]
fn scripts_stay_and_controls_go() {
    let (xray, wire) = recorder();
    let names = [
        ("orders\0\x1b[31m\r\n", "orders31m\r\n"),
        ("заказы\u{202e}", "заказы"),
        ("注文\u{200b}サービス", "注文サービス"),
        ("الطلبات\u{202e}", "الطلبات"),
        ("commande😀 né", "commande né"),
        ("<script>alert(1)</script>", "scriptalert1/script"),
        ("a?b;c*d(e)f!g$h~i^j<k>l|m{n}[o]", "abcdefghijklmno"),
        ("", "orders"),
        (" \t\n", "orders"),
        ("\u{7}?!", "orders"),
    ];
    for (name, expected) in names {
        let segment = xray.begin_segment(name);
        segment.subsegment(name).end();
        segment.end();
        let document = wire.only();
        assert_eq!(document["name"], expected);
        assert_eq!(document["subsegments"][0]["name"], expected);
    }
    assert_eq!(Recorder::builder("?!").build().unwrap().service(), "unknown");
}

#[test]
fn names_are_cut_between_characters() {
    let (xray, wire) = recorder();
    for letter in ["a", "é", "注", "𝒳"] {
        for length in [199, 200, 201, 1_000_000] {
            xray.begin_segment(&letter.repeat(length)).end();
            assert_eq!(wire.only()["name"], letter.repeat(length.min(200)));
        }
    }
}

#[test]
fn a_name_of_nothing_is_an_error_to_those_who_ask() {
    let (xray, wire) = recorder();
    for name in ["", " ", "?!", "\0"] {
        let error = xray.segment(name).try_begin().unwrap_err();
        assert!(error.is_config(), "{error}");
    }
    xray.segment("orders?").try_begin().unwrap().end();
    assert_eq!(wire.only()["name"], "orders");
}
