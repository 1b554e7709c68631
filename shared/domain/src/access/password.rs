//! Pure. Password hashing with argon2id at 19 MiB and two passes, as OWASP recommends; takes tens of milliseconds.

use argon2::password_hash::{PasswordHash, SaltString};
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};

use crate::error::Error;

/// Maximum length of a password, which bounds the cost of hashing it.
pub const MAX_BYTES: usize = 128;
/// Minimum length of a password.
pub const MIN_BYTES: usize = 3;

/// The hash that the password of an unknown user is verified against, so that the response time does not reveal which
/// users exist. No password is known to match it.
const DUMMY_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGhhcyB0aGlz$4mYvWc4u0uBLBFI6V3dWnTjXzmHaK1tNgk2Yd4cDcVc";

fn argon2() -> Result<Argon2<'static>, Error> {
    let params = Params::new(19_456, 2, 1, None);
    let params = params.map_err(|cause| Error::bug("argon2 parameters").because(cause.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Hashes a password. Returns the hash in PHC string format.
pub fn hash(password: &str, salt: &[u8; 16]) -> Result<String, Error> {
    let failed =
        |cause: argon2::password_hash::Error| Error::bug("hashing a password").because(cause.to_string());
    let salt = SaltString::encode_b64(salt).map_err(failed)?;
    Ok(argon2()?.hash_password(password.as_bytes(), &salt).map_err(failed)?.to_string())
}

/// Whether the password matches the hash. Without a hash, takes the same time and returns false.
pub fn matches(password: &str, hash: Option<&str>) -> bool {
    let Ok(argon2) = argon2() else { return false };
    let Ok(parsed) = PasswordHash::new(hash.unwrap_or(DUMMY_HASH)) else { return false };
    argon2.verify_password(password.as_bytes(), &parsed).is_ok() && hash.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_matches_its_own_password_only() {
        let hash = hash("hunter2", &[7; 16]).expect("a hash");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(!hash.contains("hunter2"));
        assert!(matches("hunter2", Some(&hash)));
        assert!(!matches("hunter3", Some(&hash)));
        assert!(!matches("hunter2", None));
        assert!(!matches("hunter2", Some("no hash")));
        assert!(PasswordHash::new(DUMMY_HASH).is_ok(), "the dummy hash is verified like any other");
    }
}
