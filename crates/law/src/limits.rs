//! Every limit of the law that is not part of one treaty clause, in one place.
//!
//! A limit is tested at its value and just above it.

/// Largest signed act, in bytes.
pub const ACT_BYTES_MAX: usize = 64 * 1024;
/// Largest canonical JSON text of any kind, in bytes: a genesis of about 200 States.
pub const JSON_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Deepest nesting of arrays and objects.
pub const JSON_DEPTH_MAX: u32 = 24;
/// Most members of one object, or elements of one array.
pub const JSON_ITEMS_MAX: u32 = 16_384;
/// Largest integer, and with a minus sign the smallest: what every JSON reader holds exactly.
pub const INTEGER_MAX: i64 = (1 << 53) - 1;
/// Longest `says` sentence of an act, in bytes.
pub const SAYS_BYTES_MAX: usize = 2_048;
/// Longest legal name of an actor, in bytes.
pub const NAME_BYTES_MAX: usize = 200;
/// Longest slug of a treaty, in bytes.
pub const SLUG_BYTES_MAX: usize = 64;
/// Furthest expiry of an act ahead of the block that executes it, in milliseconds: 30 days.
pub const EXPIRY_AHEAD_MS_MAX: u64 = 30 * 24 * 60 * 60 * 1_000;
/// Most due items that one block does.
pub const DUE_ITEMS_PER_BLOCK_MAX: usize = 256;
/// Most due items that wait at one time.
pub const DUE_ITEMS_MAX: u64 = 1 << 20;
/// Most acts that full powers may name: each power once.
pub const FULL_POWERS_ACTS_MAX: usize = 5;
/// Most validators of a network.
pub const VALIDATORS_MAX: usize = 256;
/// Fewest validators of a network whose set changes: fewer tolerate no fault.
pub const SEATS_MIN: usize = 4;
/// Fewest blocks of an epoch that a network is founded with unless it asks for fewer.
pub const EPOCH_BLOCKS_USUAL: u64 = 16;
/// Most blocks of an epoch.
pub const EPOCH_BLOCKS_MAX: u64 = 1_024;
/// Longest address of a validator: a host name of 253 bytes, and a port.
pub const ADDRESS_BYTES_MAX: usize = 259;
/// Longest public outcome of the sharing in a founding, in hex digits: that of 256 validators takes
/// half of it.
pub const CEREMONY_HEX_MAX: usize = 256 * 1024;
/// How long a report that a validator is synchronised is relied on, in milliseconds: 10 minutes.
pub const READY_MS_MAX: u64 = 10 * 60 * 1_000;
/// How long a validator waits before it reports again, in milliseconds; each ceremony in a row that
/// it missed doubles it.
pub const READY_AGAIN_MS: u64 = 30 * 1_000;
/// How long it waits at most, in milliseconds: a day.
pub const READY_AGAIN_MS_MAX: u64 = 24 * 60 * 60 * 1_000;
/// Ceremonies in a row after which a validator that missed them is left out.
pub const REVEALS_MAX: u32 = 3;
/// Epochs for which committees are kept, beside the one that just ended.
pub const COMMITTEES_KEPT: u64 = 4;
/// Longest title of a treaty in one language, and longest statement of a source, in bytes.
pub const TITLE_BYTES_MAX: usize = 1_000;
/// Most languages of one treaty.
pub const LANGUAGES_MAX: usize = 32;
/// Longest media type of a text, in bytes.
pub const MEDIA_TYPE_BYTES_MAX: usize = 100;
/// Most actors that draw a treaty up.
pub const NEGOTIATING_MAX: usize = 256;
/// Most facts of one transcription.
pub const FACTS_MAX: u32 = 512;
/// Bytes of the sentence by which an event says what is missing for entry into force. With it an
/// outcome stays far below [`JSON_BYTES_MAX`], however many facts one act transcribes.
pub const MISSING_BYTES_MAX: usize = 600;
