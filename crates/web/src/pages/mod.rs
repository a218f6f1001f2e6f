//! The pages, made on the node and readable without scripts.

pub mod act;
mod clauses;
mod conditions;
pub mod error;
mod events;
mod feed;
mod frame;
pub mod network;
mod status_table;
pub mod treaties;
pub mod treaty;
mod words;

use axum::response::{IntoResponse, Response};
use pacta_index::Position;

use crate::problem::Problem;
use crate::state::AppState;
use frame::Copy;

/// Whose copy the pages are made from, and how far it reaches.
async fn copy(state: &AppState) -> Result<Copy, Problem> {
    let founding = state.node.founding();
    let operator = state.node.operator().to_string();
    let asked = [operator.clone()];
    let (tip, names) = state.read(move |reader| Ok((reader.tip()?, reader.names(&asked)?))).await?;
    Ok(Copy {
        network: founding.name.clone(),
        operator: names.get(&operator).cloned().unwrap_or(operator),
        height: tip.as_ref().map_or(0, |block| block.height),
        instant: tip.map_or(0, |block| block.instant),
    })
}

/// A problem, answered as a page.
pub struct Failed(Problem);

impl<T: Into<Problem>> From<T> for Failed {
    fn from(problem: T) -> Self {
        Self(problem.into())
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        error::page(&self.0)
    }
}

/// Where live updates of a page start: after the last entry; before the first there is none, and
/// the height stands for it.
fn start(last: Option<Position>, height: u64) -> Option<Position> {
    Some(last.unwrap_or(Position { height, index: 0 }))
}

/// A place in the journal, from the address of a page.
fn place(text: Option<&str>) -> Result<Option<Position>, Problem> {
    let place = text.map(str::parse::<Position>).transpose();
    place.map_err(|error| Problem::bad_request(error.to_string()))
}
