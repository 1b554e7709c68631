//! Pure. Checksums of dumps.

use std::io::Cursor;

/// Returns the checksum of a text: `MurmurHash3` x64 128 with seed 0, the two halves as 32 hexadecimal digits. That of the
/// empty text is all zeros.
pub fn checksum(text: &str) -> String {
    // Reading from memory does not fail.
    let hash = murmur3::murmur3_x64_128(&mut Cursor::new(text), 0).unwrap_or_default();
    // The crate returns the first half in the low bits.
    format!("{:032x}", hash.rotate_left(64))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "CREATE TABLE `t01` (\n  `id` int(11) NOT NULL AUTO_INCREMENT,\n  PRIMARY KEY (`id`)\n) \
                         ENGINE=InnoDB DEFAULT CHARSET=utf8";

    #[test]
    fn checksums_are_those_of_the_original() {
        assert_eq!(checksum(""), "00000000000000000000000000000000");
        assert_eq!(checksum(TABLE), "a71b849f6fad54a3ee877187b7e8360e");
        let of_10_11 = TABLE.replace("CHARSET=utf8", "CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci");
        assert_eq!(checksum(&of_10_11), "a04b318462a0f65ecea235e61ae1e4f9");
    }
}
