//! The resources as clients see them: fields, forms and filters.
