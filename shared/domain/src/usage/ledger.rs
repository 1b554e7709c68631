//! Pure. What is known of an instance or an image when an exists of it is linked or judged.

use std::collections::HashMap;

use crate::usage::delete::{ImageDelete, InstanceDelete};
use crate::usage::exists::{ImageExists, InstanceExists};
use crate::usage::image::Image;
use crate::usage::launch::Launch;

use crate::usage::reconcile::Reconcile;

/// All records of one instance.
#[derive(Clone, Debug, Default)]
pub struct InstanceLedger {
    /// Its launches.
    pub launches: Vec<Launch>,
    /// Its deletes.
    pub deletes: Vec<InstanceDelete>,
    /// What audit reports say of it.
    pub reconciles: Vec<Reconcile>,
}

/// All records of some images.
#[derive(Clone, Debug, Default)]
pub struct ImageLedger {
    /// Activations and deletes by UUID.
    pub by_uuid: HashMap<String, (Vec<Image>, Vec<ImageDelete>)>,
}
impl InstanceLedger { /// x
 pub fn links(&self, e: &InstanceExists) -> (Option<u64>, Option<u64>) { (None,None) } }
impl ImageLedger { /// x
 pub fn links(&self, e: &ImageExists) -> (Option<u64>, Option<u64>) { (None,None) } }
