//! What a platform's own file remembers about a deployment: a value of its own type, opaque to everybody else.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// A value of any type, or nothing.
#[derive(Clone, Default)]
pub struct Memory(Option<Arc<dyn Any + Send + Sync>>);

impl Memory {
    /// Remembers this.
    pub fn of<T: Any + Send + Sync>(what: T) -> Self {
        Self(Some(Arc::new(what)))
    }

    /// What is remembered, if it is of that type.
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.0.as_ref()?.downcast_ref()
    }

    /// The same, or the default.
    pub fn get_or_default<T: Any + Clone + Default>(&self) -> T {
        self.get().cloned().unwrap_or_default()
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Memory(…)" } else { "Memory" })
    }
}
