//! Pure. SHA-256 digests as text, for secrets and for texts that are too long to be keys, and a fast hash.

use sha2::{Digest, Sha256};

/// Returns all 256 bits as 64 hexadecimal digits. Stored in place of a secret.
pub fn whole(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

/// Returns the first 128 bits as 32 hexadecimal digits: a chunk id derived from a body, or an idempotency token.
pub fn short(text: &str) -> String {
    hex::encode(&Sha256::digest(text.as_bytes())[..16])
}

/// Returns a fast hash (FNV-1a), which spreads texts evenly and protects nothing.
pub fn quick(text: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_digest_is_a_prefix_of_the_whole_one() {
        assert_eq!(whole("x"), "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881");
        assert_eq!(short("x"), whole("x")[..32]);
    }

    #[test]
    fn quick_hash_is_fnv_1a() {
        assert_eq!(quick(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(quick("foobar"), 0x8594_4171_f739_67e8);
    }
}
