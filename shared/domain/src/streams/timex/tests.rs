//! Examples and properties of time expressions.

use proptest::prelude::*;

use super::*;
use crate::time::Micros;

const VARIABLES: [(&str, &str); 6] = [
    ("timestamp", "2024-03-15 10:20:30.4"),
    ("last", "2024-03-15 10:20:30.4"),
    ("first", "2024-03-14 22:05:00"),
    ("jan31", "2024-01-31 12:00:00"),
    ("feb29", "2024-02-29 00:00:00"),
    ("dec", "2023-12-10 01:02:03"),
];

fn at(text: &str) -> Micros {
    Micros::parse(text).expect(text)
}

fn known(name: &str) -> Option<Micros> {
    VARIABLES.iter().find(|(variable, _)| *variable == name).map(|(_, text)| at(text))
}

fn parsed(text: &str) -> Expression {
    Expression::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Formats the value of an expression, or the error.
fn evaluated(text: &str) -> String {
    match parsed(text).evaluate(known, at("2000-01-01 00:00:00")) {
        Ok(Time::Stamp(stamp)) => stamp.to_string(),
        Ok(Time::Range(range)) => format!("{} .. {}", range.begin, range.end),
        Err(error) => format!("error: {error}"),
    }
}

#[test]
fn points_in_time_are_shifted_from_left_to_right() {
    for (text, expected) in [
        ("$last + 2d", "2024-03-17 10:20:30.400000"),
        ("$first + 1h", "2024-03-14 23:05:00"),
        ("$last + 1d 2h 3m 4s 5us", "2024-03-16 12:23:34.400005"),
        ("$timestamp - 14d", "2024-03-01 10:20:30.400000"),
        ("$timestamp + 1hr 2min 3sec", "2024-03-15 11:22:33.400000"),
        ("$timestamp+1d-2h", "2024-03-16 08:20:30.400000"),
        ("$timestamp - 1h 1h", "2024-03-15 08:20:30.400000"),
        ("$timestamp + 1mo", "2024-04-15 10:20:30.400000"),
        ("$timestamp + 1yr", "2025-03-15 10:20:30.400000"),
        ("$jan31 + 1mo", "error: no such time: 2024-01-31 12:00:00 + 1mo"),
        ("$jan31 + 2mo", "2024-03-31 12:00:00"),
        ("$feb29 + 1y", "error: no such time: 2024-02-29 00:00:00 + 1y"),
        ("$dec + 13mo", "2025-01-10 01:02:03"),
        ("$dec - 12mo", "2022-12-10 01:02:03"),
        ("$timestamp @ 0h 0m 0s", "2024-03-15 00:00:00.400000"),
        ("($timestamp + 1d) @ 0h 0m 0s 0us", "2024-03-16 00:00:00"),
        ("$timestamp + 1d @ 6h", "2024-03-16 06:20:30.400000"),
        ("$timestamp @ 12mo 31d 12h 0m 0s 0us", "2024-12-31 12:00:00"),
        ("$timestamp @ 31d 0us 12h 12mo 0m 0s", "2024-12-31 12:00:00"),
        ("$timestamp @ 25h", "error: no such time: 2024-03-15 10:20:30.400000 @ 25h"),
        ("$timestamp @ 0mo", "error: no such time: 2024-03-15 10:20:30.400000 @ 0mo"),
        ("$timestamp @ 60s", "error: no such time: 2024-03-15 10:20:30.400000 @ 60s"),
        ("$timestamp @ 59s 1000000us", "error: no such time: 2024-03-15 10:20:30.400000 @ 59s 1000000us"),
        // Days are added before months, and months before years.
        ("$jan31 + 1mo 1d", "2024-03-01 12:00:00"),
        ("$feb29 + 1y 1mo", "2025-03-29 00:00:00"),
    ] {
        assert_eq!(evaluated(text), expected, "{text}");
    }
}

#[test]
fn functions_are_ranges_pinned_to_their_argument() {
    for (text, expected) in [
        ("day", "2024-03-15 00:00:00 .. 2024-03-16 00:00:00"),
        ("day($first)", "2024-03-14 00:00:00 .. 2024-03-15 00:00:00"),
        ("hour", "2024-03-15 10:00:00 .. 2024-03-15 11:00:00"),
        ("month", "2024-03-01 00:00:00 .. 2024-04-01 00:00:00"),
        ("year", "2024-01-01 00:00:00 .. 2025-01-01 00:00:00"),
        ("day + 6h", "2024-03-15 06:00:00 .. 2024-03-16 06:00:00"),
        ("day + 12h", "2024-03-14 12:00:00 .. 2024-03-15 12:00:00"),
        ("day - 6h", "2024-03-14 18:00:00 .. 2024-03-15 18:00:00"),
        ("day @ 6h", "2024-03-15 06:00:00 .. 2024-03-16 06:00:00"),
        ("day @ 12h", "2024-03-14 12:00:00 .. 2024-03-15 12:00:00"),
        ("day @ 2", "2024-03-15 02:00:00 .. 2024-03-16 02:00:00"),
        ("day + 2", "2024-03-15 02:00:00 .. 2024-03-16 02:00:00"),
        ("hour + 30m", "2024-03-15 09:30:00 .. 2024-03-15 10:30:00"),
        ("hour @ 15m", "2024-03-15 10:15:00 .. 2024-03-15 11:15:00"),
        ("hour - 45", "2024-03-15 10:15:00 .. 2024-03-15 11:15:00"),
        ("month + 3d", "2024-03-04 00:00:00 .. 2024-04-04 00:00:00"),
        ("month @ 20d", "2024-02-18 00:00:00 .. 2024-03-20 00:00:00"),
        ("year + 2mo", "2024-03-01 00:00:00 .. 2025-03-01 00:00:00"),
        ("year + 4mo", "2023-05-02 00:00:00 .. 2024-05-01 00:00:00"),
        ("day + 25h", "2024-03-15 01:00:00 .. 2024-03-16 01:00:00"),
        // The original failed to evaluate these.
        ("day + 1d", "2024-03-16 00:00:00 .. 2024-03-17 00:00:00"),
        ("day @ 1d", "2024-03-01 00:00:00 .. 2024-03-01 00:00:00"),
        ("day + 1d + 12h", "2024-03-16 12:00:00 .. 2024-03-17 12:00:00"),
        ("month + 40", "2024-03-10 00:00:00 .. 2024-04-10 00:00:00"),
        ("day($timestamp + 1d)", "2024-03-16 00:00:00 .. 2024-03-17 00:00:00"),
        ("day + 1000000000h", "error: no such time: 2024-03-15 00:00:00 + 1000000000h"),
        ("day + 1000000h", "2024-03-14 16:00:00 .. 2024-03-15 16:00:00"),
        ("day(($first) - 1d) + 6h", "2024-03-13 06:00:00 .. 2024-03-14 06:00:00"),
    ] {
        assert_eq!(evaluated(text), expected, "{text}");
    }
}

#[test]
fn both_ends_of_a_range_are_shifted() {
    for (text, expected) in [
        ("$first to $last", "2024-03-14 22:05:00 .. 2024-03-15 10:20:30.400000"),
        ("$first to $last + 1d", "2024-03-14 22:05:00 .. 2024-03-16 10:20:30.400000"),
        ("($first to $last) + 1d", "2024-03-15 22:05:00 .. 2024-03-16 10:20:30.400000"),
        ("($first to $last) @ 6h", "2024-03-14 06:05:00 .. 2024-03-15 06:20:30.400000"),
        ("($first to $last) + 2", "2024-03-14 22:07:00 .. 2024-03-15 10:22:30.400000"),
        ("$last to $first", "2024-03-15 10:20:30.400000 .. 2024-03-14 22:05:00"),
        ("$first - 1d to ($last)", "2024-03-13 22:05:00 .. 2024-03-15 10:20:30.400000"),
        // A number without a unit counts the unit below the length of the range.
        ("($first to $first + 2y) + 1", "2024-04-14 22:05:00 .. 2026-04-14 22:05:00"),
        ("($first to $first + 30d) + 1", "2024-03-15 22:05:00 .. 2024-04-14 22:05:00"),
        ("($first to $first + 1d) + 1", "2024-03-14 23:05:00 .. 2024-03-15 23:05:00"),
        ("($first to $first + 1h) + 1", "2024-03-14 22:06:00 .. 2024-03-14 23:06:00"),
        ("($first to $first + 1m) + 1", "2024-03-14 22:05:01 .. 2024-03-14 22:06:01"),
        ("($first to $first + 1s) + 1", "2024-03-14 22:05:00.000001 .. 2024-03-14 22:05:01.000001"),
    ] {
        assert_eq!(evaluated(text), expected, "{text}");
    }
}

#[test]
fn unknown_functions_and_undefined_variables_fail_at_evaluation() {
    let evaluate = |text: &str| parsed(text).evaluate(known, at("2000-01-01 00:00:00"));
    let unknown = |name: &str| Err(EvaluationError::UnknownFunction { name: name.to_owned() });
    assert_eq!(evaluate("week"), unknown("week"));
    assert_eq!(evaluate("timestamp + 1d"), unknown("timestamp"));
    assert_eq!(evaluate("$nope"), Err(EvaluationError::MissingVariable { name: "nope".to_owned() }));
    assert_eq!(evaluate("day($nope)"), Err(EvaluationError::MissingVariable { name: "nope".to_owned() }));
    assert_eq!(parsed("week($last) + 1d").unknown_function(), Some("week"));
    assert_eq!(parsed("month($last) + 1d").unknown_function(), None);
}

#[test]
fn timestamp_defaults_to_now() {
    let now = at("2000-01-01 00:00:00");
    let evaluate = |text: &str| parsed(text).evaluate(|_| None, now);
    assert_eq!(evaluate("$timestamp"), Ok(Time::Stamp(now)));
    assert_eq!(evaluate("day").map(Time::timestamp), Ok(now));
    assert!(evaluate("$last").is_err());
}

#[test]
fn syntax_errors_name_the_column() {
    let invalid = [
        "$first to $last + 2",
        "$timestamp + 5",
        "day to $last",
        "day($timestamp) to $last",
        "$timestamp + 1w",
        "$timestamp + 1D",
        "$timestamp + 30M",
        "$timestamp + 1.5h",
        "$timestamp % 1d",
        "1d",
        "",
        "  ",
        "$timestamp +",
        "day()",
        "day(day)",
        "$ last",
        "$last $first",
        "$first to day",
        "$first to $last to $first",
        "($first",
        "$first)",
        "day + 1w",
        "d",
        "$last + 1d2h",
        "$last + 2 3d",
        "$last + 99999999999999999999d",
        "$later\u{e9}",
    ];
    let errors: Vec<String> = invalid
        .iter()
        .map(|text| format!("{text:?}: {}", Expression::parse(text).expect_err(text)))
        .collect();
    insta::assert_snapshot!(errors.join("\n"), @r#"
    "$first to $last + 2": column 20: expected a unit: us, s, sec, m, min, h, hr, d, mo, y or yr
    "$timestamp + 5": column 15: expected a unit: us, s, sec, m, min, h, hr, d, mo, y or yr
    "day to $last": column 5: expected the end, +, - or @: the ends of a range are points in time
    "day($timestamp) to $last": column 17: expected the end, +, - or @: the ends of a range are points in time
    "$timestamp + 1w": column 15: expected a unit: us, s, sec, m, min, h, hr, d, mo, y or yr
    "$timestamp + 1D": column 15: expected a unit: us, s, sec, m, min, h, hr, d, mo, y or yr
    "$timestamp + 30M": column 16: expected a unit: us, s, sec, m, min, h, hr, d, mo, y or yr
    "$timestamp + 1.5h": column 15: expected a unit: us, s, sec, m, min, h, hr, d, mo, y or yr
    "$timestamp % 1d": column 12: expected the end, to, +, - or @
    "1d": column 1: expected a variable such as $first, a function such as day, or (
    "": column 1: expected a variable such as $first, a function such as day, or (
    "  ": column 3: expected a variable such as $first, a function such as day, or (
    "$timestamp +": column 13: expected a number
    "day()": column 5: expected a variable such as $first, a function such as day, or (
    "day(day)": column 5: expected a point in time such as $first
    "$ last": column 2: expected the name of a variable
    "$last $first": column 7: expected the end, to, +, - or @
    "$first to day": column 11: expected a point in time such as $first
    "$first to $last to $first": column 17: expected the end, to, +, - or @
    "($first": column 8: expected ), +, - or @
    "$first)": column 7: expected the end, to, +, - or @
    "day + 1w": column 8: expected the end, to, +, - or @
    "d": column 1: expected a variable such as $first, a function such as day, or (
    "$last + 1d2h": column 10: expected a unit: us, s, sec, m, min, h, hr, d, mo, y or yr
    "$last + 2 3d": column 11: expected a unit: us, s, sec, m, min, h, hr, d, mo, y or yr
    "$last + 99999999999999999999d": column 9: expected a number of at most 18 digits
    "$lateré": column 7: expected the end, to, +, - or @
    "#);
}

#[test]
fn nesting_depth_is_limited() {
    let nested = |depth: usize| format!("{}$last{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Expression::parse(&nested(32)).is_ok());
    let error = Expression::parse(&nested(100_000)).expect_err("nested too deep");
    assert_eq!(error.to_string(), "column 34: expected fewer parentheses");
    let error = Expression::parse(&"day(".repeat(100_000)).expect_err("nested too deep");
    assert_eq!(error.to_string(), "column 133: expected fewer parentheses");
}

#[test]
fn a_range_contains_its_begin_but_not_its_end() {
    let (begin, end) = (at("2024-03-15 00:00:00"), at("2024-03-16 00:00:00"));
    let day = Time::Range(TimeRange { begin, end });
    let cases = [(begin, true), (Micros(end.0 - 1), true), (end, false), (Micros(begin.0 - 1), false)];
    for (time, expected) in cases {
        assert_eq!(day.contains(time), expected, "{time}");
    }
    assert!(!Time::Range(TimeRange { begin: end, end: begin }).contains(begin));
    assert!(Time::Stamp(begin).contains(begin));
    assert!(!Time::Stamp(begin).contains(Micros(begin.0 + 1)));
    assert_eq!((day.timestamp(), Time::Stamp(end).timestamp()), (begin, end));
}

fn durations(bare: bool) -> impl Strategy<Value = String> {
    let mut units = vec!["us", "s", "sec", "m", "min", "h", "hr", "d", "mo", "y", "yr"];
    if bare {
        units.push("");
    }
    let amounts = (0_i64..=9_223_372_036_854_775_807, 0_u32..19, prop::sample::select(units));
    let amount = amounts.prop_map(|(number, digits, unit)| format!("{}{unit}", number % 10_i64.pow(digits)));
    let operator = prop::sample::select(vec!["+", "-", "@"]);
    let shift = (operator, prop::collection::vec(amount, 1..3))
        .prop_map(|(operator, amounts)| format!(" {operator} {}", amounts.join(" ")));
    prop::collection::vec(shift, 0..3).prop_map(|shifts| shifts.concat())
}

fn stamps() -> impl Strategy<Value = String> {
    let variable = prop::sample::select(vec!["$timestamp", "$last", "($first)", "( $jan31)", "$nope"]);
    (variable, durations(false), durations(false), any::<bool>()).prop_map(|(variable, one, more, nest)| {
        if nest { format!("({variable}{one}){more}") } else { format!("{variable}{one}") }
    })
}

fn expressions() -> impl Strategy<Value = String> {
    let function = prop::sample::select(vec!["hour", "day", "month", "year", "week"]);
    let ranges = prop_oneof![
        (stamps(), stamps()).prop_map(|(begin, end)| format!("({begin} to {end})")),
        (function.clone(), stamps()).prop_map(|(function, at)| format!("{function}({at})")),
        function.prop_map(str::to_owned),
    ];
    prop_oneof![stamps(), (ranges, durations(true)).prop_map(|(range, shifts)| format!("{range}{shifts}"))]
}

proptest! {
    #[test]
    fn parsing_never_panics(text in "\\PC*", symbols in "[$a-z()+@ 0-9-]{0,40}") {
        let _ = Expression::parse(&text);
        let _ = Expression::parse(&symbols);
    }

    #[test]
    fn the_display_form_parses_to_the_same_expression(text in expressions()) {
        let expression = parsed(&text);
        let printed = expression.to_string();
        prop_assert_eq!(parsed(&printed), expression, "{}", printed);
    }

    #[test]
    fn evaluating_never_panics(text in expressions(), last in any::<i64>(), now in any::<i64>()) {
        let _ = parsed(&text).evaluate(|name| (name == "last").then_some(Micros(last)), Micros(now));
    }

    #[test]
    fn a_function_shifted_by_less_than_its_unit_contains_its_argument(
        micros in 0_i64..4_102_444_800_000_000,
        hours in 0_i64..100,
        operator in prop::sample::select(vec!["+", "-"]),
    ) {
        let at = Micros(micros);
        for function in ["day", "month", "year"] {
            let text = format!("{function} {operator} {hours}h");
            let time = parsed(&text).evaluate(|_| None, at);
            prop_assert!(time.clone().is_ok_and(|time| time.contains(at)), "{text}: {time:?}");
        }
    }
}
