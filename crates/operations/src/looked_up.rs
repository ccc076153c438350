//! What a procedure looked up for its screen: not part of its work, so it is in no draft and two drafts never differ by it.

use std::ops::{Deref, DerefMut};

/// Always equal to any other, and never kept.
#[derive(Debug, Clone, Default)]
pub(crate) struct LookedUp<T>(T);

impl<T> PartialEq for LookedUp<T> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<T> Eq for LookedUp<T> {}

impl<T> Deref for LookedUp<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for LookedUp<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}
