//! Pure. The text of a query, which is known when Steward is built.

/// A query in two forms: a superuser may read catalogs that others see through a slower view.
#[derive(Clone, Copy, Debug)]
pub struct Query {
    /// The form for a session of a superuser.
    pub for_superusers: &'static str,
    /// The form for all other sessions.
    pub for_others: &'static str,
}
