//! Pure. SHA-256 as text: what stands for a text that is long, or that nobody may read.

use sha2::{Digest, Sha256};

/// All 256 bits, as 64 hexadecimal digits: stands for a secret.
pub fn whole(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

/// The first 128 bits, as 32 hexadecimal digits: the chunk id of a body that carries none, the token of a transaction.
pub fn short(text: &str) -> String {
    hex::encode(&Sha256::digest(text.as_bytes())[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_digest_is_the_start_of_the_whole_one() {
        assert_eq!(whole("x"), "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881");
        assert_eq!(short("x"), whole("x")[..32]);
    }
}
