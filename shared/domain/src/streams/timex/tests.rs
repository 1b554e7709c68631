//! The language by examples, and what holds for every text and time.

use proptest::prelude::*;

use super::*;

const VARIABLES: [(&str, &str); 6] = [
    ("timestamp", "2024-03-15 10:20:30.4"),
    ("last", "2024-03-15 10:20:30.4"),
    ("first", "2024-03-14 22:05:00"),
    ("jan31", "2024-01-31 12:00:00"),
    ("feb29", "2024-02-29 00:00:00"),
    ("dec", "2023-12-10 01:02:03"),
];
