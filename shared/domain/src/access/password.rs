//! Pure. Passwords: hashed with argon2id, 19 MiB and two passes, as OWASP advises; some tens of milliseconds.

use argon2::password_hash::{PasswordHash, SaltString};
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};

use crate::error::Error;

/// Bytes of the longest password: a longer one would only make us work.
pub const LONGEST: usize = 128;
/// Bytes of the shortest.
pub const SHORTEST: usize = 3;

/// What an unknown user's password is compared with, so that it takes as long as a known one's. It belongs to no password
/// that anybody knows.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGhhcyB0aGlz$4mYvWc4u0uBLBFI6V3dWnTjXzmHaK1tNgk2Yd4cDcVc";

fn argon2() -> Result<Argon2<'static>, Error> {
    let params = Params::new(19_456, 2, 1, None);
    let params = params.map_err(|cause| Error::bug("the cost of a password").because(cause.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// The hash of a password under a salt of 16 bytes, as text in PHC's form.
pub fn hash(password: &str, salt: &[u8; 16]) -> Result<String, Error> {
    let failed =
        |cause: argon2::password_hash::Error| Error::bug("hashing a password").because(cause.to_string());
    let salt = SaltString::encode_b64(salt).map_err(failed)?;
    Ok(argon2()?.hash_password(password.as_bytes(), &salt).map_err(failed)?.to_string())
}

/// Whether this is the password that was hashed; without a hash it takes as long and is false.
pub fn matches(password: &str, hash: Option<&str>) -> bool {
    let Ok(argon2) = argon2() else { return false };
    let Ok(parsed) = PasswordHash::new(hash.unwrap_or(NOBODY)) else { return false };
    argon2.verify_password(password.as_bytes(), &parsed).is_ok() && hash.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_that_was_hashed_matches() {
        let hash = hash("hunter2", &[7; 16]).expect("it is hashed");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(!hash.contains("hunter2"));
        assert!(matches("hunter2", Some(&hash)));
        assert!(!matches("hunter3", Some(&hash)));
        assert!(!matches("hunter2", None));
        assert!(!matches("hunter2", Some("no hash")));
        assert!(PasswordHash::new(NOBODY).is_ok(), "an unknown user's password is really compared");
    }
}
