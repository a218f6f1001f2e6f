//! The stores of final blocks and of their certificates.

use std::{num::NonZeroU64, sync::Arc};

use commonware_cryptography::certificate::Verifier as _;
use commonware_runtime::buffer::paged::CacheRef;
use commonware_storage::{archive::prunable, translator::EightCap};
use commonware_utils::NZU64;

use crate::{
    block::Block,
    databases::{JOURNAL_BUFFER_BYTES, REPLAY_BUFFER_BYTES},
    error::Error,
    types::{BlockDigest, Context, Finalization, Scheme},
};

const BLOCKS_PER_FILE: NonZeroU64 = NZU64!(1 << 16);

/// Final blocks by height and digest.
pub type Blocks<E> = prunable::Archive<EightCap, E, BlockDigest, Arc<Block>>;
/// Certificates of finality by the height and digest of their block; not every block has one.
pub type Certificates<E> = prunable::Archive<EightCap, E, BlockDigest, Finalization>;

/// Opens the store of final blocks under a prefix, or makes it.
///
/// # Errors
/// [`Error::Damaged`] if its files cannot be read as this store.
pub async fn blocks<E: Context>(
    context: E,
    prefix: &str,
    page_cache: &CacheRef,
) -> Result<Blocks<E>, Error> {
    Blocks::init(context, config(prefix, "blocks", page_cache, ()))
        .await
        .map_err(|error| Error::Damaged(format!("blocks: {error}")))
}

/// Opens the store of certificates under a prefix, or makes it.
///
/// # Errors
/// [`Error::Damaged`] if its files cannot be read as this store.
pub async fn certificates<E: Context>(
    context: E,
    prefix: &str,
    page_cache: &CacheRef,
) -> Result<Certificates<E>, Error> {
    let validators = Scheme::certificate_codec_config_unbounded();
    Certificates::init(context, config(prefix, "finalizations", page_cache, validators))
        .await
        .map_err(|error| Error::Damaged(format!("certificates: {error}")))
}

fn config<C>(
    prefix: &str,
    name: &str,
    page_cache: &CacheRef,
    codec_config: C,
) -> prunable::Config<EightCap, C> {
    prunable::Config {
        translator: EightCap,
        metadata_partition: format!("{prefix}-{name}-metadata"),
        key_partition: format!("{prefix}-{name}-keys"),
        key_page_cache: page_cache.clone(),
        value_partition: format!("{prefix}-{name}-values"),
        compression: None,
        codec_config,
        items_per_section: BLOCKS_PER_FILE,
        key_write_buffer: JOURNAL_BUFFER_BYTES,
        value_write_buffer: JOURNAL_BUFFER_BYTES,
        replay_buffer: REPLAY_BUFFER_BYTES,
    }
}
