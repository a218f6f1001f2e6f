//! What handlers share.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use pacta_index::Reader;

use crate::api::compose::COMPOSED_AT_ONCE;
use crate::live::Hub;
use crate::node::{Node, Unavailable};
use crate::problem::Problem;
use crate::submitted::Submitted;
use crate::turns::Turns;

/// The node, its index and its live feed. Cheap to clone.
#[derive(Clone)]
pub struct AppState {
    /// The node.
    pub node: Arc<dyn Node>,
    /// The index, for reading.
    pub reader: Reader,
    /// The live feed.
    pub hub: Hub,
    /// Acts submitted here.
    pub submitted: Submitted,
    /// The clock, in milliseconds UTC: only to try acts as in a block that is made now.
    pub now_ms: fn() -> u64,
    /// The files that the node keeps, if it keeps any.
    pub files: Option<pacta_files::Store>,
    /// Turns to compose acts.
    pub composing: Turns,
}

impl AppState {
    /// Over a node, the index that [`follow`](crate::follow) keeps, and the hub it tells.
    pub fn new(node: Arc<dyn Node>, reader: Reader, hub: Hub) -> Self {
        let composing = Turns::new(COMPOSED_AT_ONCE);
        let submitted = Submitted::default();
        Self { node, reader, hub, submitted, now_ms, files: None, composing }
    }

    /// With the files that the node keeps.
    #[must_use]
    pub fn with_files(self, files: pacta_files::Store) -> Self {
        Self { files: Some(files), ..self }
    }

    /// Reads from the index, on a thread where waiting is allowed.
    ///
    /// # Errors
    /// A [`Problem`] of status 500 when the index fails.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, pacta_index::Error> + Send + 'static,
    ) -> Result<T, Problem> {
        let reader = self.reader.clone();
        match tokio::task::spawn_blocking(move || read(&reader)).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(Problem::internal()),
        }
    }
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

impl From<Unavailable> for Problem {
    fn from(unavailable: Unavailable) -> Self {
        Self::unavailable(unavailable.to_string())
    }
}
