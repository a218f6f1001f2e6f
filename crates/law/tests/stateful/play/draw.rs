//! Decisions, drawn from bytes: equal bytes make equal decisions, and each decision takes one.

/// The bytes that are left.
pub struct Draw<'a>(&'a [u8]);

impl<'a> Draw<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next byte, until none is left.
    pub fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// A number below `count`; 0 when no byte is left.
    pub fn below(&mut self, count: usize) -> usize {
        usize::from(self.byte().unwrap_or(0)) % count.max(1)
    }

    /// One of several.
    pub fn pick<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }

    /// Each of several, or not, in their order.
    pub fn some<T: Clone>(&mut self, all: &[T]) -> Vec<T> {
        let chosen = self.byte().unwrap_or(0);
        let is_chosen = |at: &usize| chosen >> (at % 8) & 1 == 1;
        (0..all.len()).filter(is_chosen).map(|at| all[at].clone()).collect()
    }

    /// Something once in so many times; nothing when no byte is left.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }
}
