//! The absent source of database operations: nodes do not yet sync databases from each other,
//! they execute all blocks from the first one.

use std::{convert::Infallible, future::pending, marker::PhantomData};

use commonware_cryptography::sha256::Digest;
use commonware_glue::stateful::db::{AttachableResolver, Shared};
use commonware_storage::{
    mmr,
    qmdb::sync::{Database, Request, Source, source},
};

/// Never asked, since no plan of syncing is made; if asked, it never answers.
pub struct NoResolver<D>(PhantomData<fn() -> D>);

impl<D> Default for NoResolver<D> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<D> Clone for NoResolver<D> {
    fn clone(&self) -> Self {
        Self(PhantomData)
    }
}

impl<D> Source for NoResolver<D>
where
    D: Database<Family = mmr::Family, Digest = Digest> + 'static,
{
    type Family = mmr::Family;
    type Digest = Digest;
    type Op = D::Op;
    type Error = Infallible;

    async fn serve(&self, _: Request<mmr::Family>) -> source::Result<Self> {
        pending().await
    }
}

impl<D: Send + Sync + 'static> AttachableResolver<D> for NoResolver<D> {
    async fn attach_database(&self, _: Shared<D>) {}
}
