//! Templates hand small values over behind one or two references, depending on where the value comes from.

/// A small value, or a reference to one.
pub trait ByValue<T: Copy> {
    /// The value.
    fn value(&self) -> T;
}

impl<T: Copy> ByValue<T> for T {
    fn value(&self) -> T {
        *self
    }
}

impl<T: Copy> ByValue<T> for &T {
    fn value(&self) -> T {
        **self
    }
}

impl<T: Copy> ByValue<T> for &&T {
    fn value(&self) -> T {
        ***self
    }
}
