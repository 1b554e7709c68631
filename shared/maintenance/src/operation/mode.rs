//! Pure. The documented modes of a VACUUM.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One word of a mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Word {
    /// Rewrites the table and returns its free space to the file system.
    Full,
    /// Freezes all rows.
    Freeze,
    /// Updates the statistics as well.
    Analyze,
}

/// A combination of `full`, `freeze` and `analyze`, in the order of the request. Empty for a plain VACUUM.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mode(Vec<Word>);

impl Mode {
    /// Parses words separated by single commas, without blanks and in lower case. A repeated word counts once.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = Vec::new();
        for word in text.split(',') {
            let word = match word {
                "full" => Word::Full,
                "freeze" => Word::Freeze,
                "analyze" => Word::Analyze,
                _ => return None,
            };
            if !words.contains(&word) {
                words.push(word);
            }
        }
        Some(Self(words))
    }

    /// Returns the words in the order of the request.
    pub fn words(&self) -> &[Word] {
        &self.0
    }

    /// Returns the mode without a word.
    #[must_use]
    pub fn without(&self, word: Word) -> Self {
        Self(self.0.iter().copied().filter(|other| *other != word).collect())
    }

    /// Whether the mode contains a word.
    pub fn has(&self, word: Word) -> bool {
        self.0.contains(&word)
    }
}

impl Word {
    /// Returns the word as it is written in a request.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Freeze => "freeze",
            Self::Analyze => "analyze",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.0.iter().map(|word| word.name()).collect();
        f.write_str(&names.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_words_separated_by_commas() {
        for (text, expected) in [
            ("full", "full"),
            ("full,analyze", "full,analyze"),
            ("analyze,full", "analyze,full"),
            ("full,full", "full"),
            ("freeze,analyze,full", "freeze,analyze,full"),
        ] {
            assert_eq!(Mode::parse(text).map(|mode| mode.to_string()).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn anything_else_is_malformed() {
        for text in [
            "",
            "FULL",
            "full freeze",
            "full,",
            ",full",
            "full, analyze",
            "verbose",
            "full\n",
            "full,,analyze",
        ] {
            assert_eq!(Mode::parse(text), None, "{text:?}");
        }
    }
}
