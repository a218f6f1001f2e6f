//! The conspiracy by which more hostile validators than are borne make two blocks final at one
//! height: each half of the honest ones gets another block of the same view, and votes for it. A
//! leader may vote for its block before it sends it, so the second half gets votes a little late.

use std::collections::BTreeMap;

use bytes::Bytes;
use commonware_codec::{DecodeExt as _, Encode as _};
use commonware_consensus::simplex::types::{Finalize, Notarize, Proposal, Vote};
use commonware_cryptography::Digestible as _;
use commonware_utils::sync::Mutex;
use pacta_law::Instant;
use pacta_node::{
    block::Block,
    types::{BlockDigest, ValidatorKey},
};

use super::{BLOCKS, Ballot, CERTIFICATES, Said, behind};
use crate::votes::VOTES;

/// What the conspirators share.
pub struct Twins {
    conspirators: Vec<ValidatorKey>,
    /// Those who get the second of two blocks.
    second: Vec<ValidatorKey>,
    /// Blocks with their twins.
    known: Mutex<BTreeMap<BlockDigest, BlockDigest>>,
}

impl Twins {
    /// Every second honest validator gets the second block.
    pub fn new(conspirators: Vec<ValidatorKey>, honest: Vec<ValidatorKey>) -> Self {
        let second = honest.into_iter().skip(1).step_by(2).collect();
        Self { conspirators, second, known: Mutex::default() }
    }

    /// What is said in place of a message, if it is about a block that has a twin. `ballot` is the
    /// message taken apart, if it is a vote.
    pub(super) fn say(
        &self,
        ballot: Option<&Ballot>,
        channel: u64,
        message: &Bytes,
        to: &[ValidatorKey],
    ) -> Option<Vec<Said>> {
        let (second, first): (Vec<_>, Vec<_>) =
            to.iter().cloned().partition(|one| self.second.contains(one));
        let other = match channel {
            BLOCKS => self.twin(message)?,
            VOTES => match self.twin_vote(ballot?) {
                Ok(twin) => twin?,
                // Whether the block has a twin is not known yet.
                Err(Unknown) => return Some(vec![(first, message.clone())]),
            },
            CERTIFICATES => {
                self.known.lock().keys().any(|one| is_in(one, message)).then_some(())?;
                return Some(vec![(first, message.clone())]);
            }
            _ => return None,
        };
        Some(vec![(first, message.clone()), (second, other)])
    }

    /// The twin of a conspirator's block: the same, a millisecond later.
    fn twin(&self, block: &Bytes) -> Option<Bytes> {
        let block = Block::decode(block.clone()).ok()?;
        let mut header = block.header().clone();
        if !self.conspirators.iter().any(|one| one.as_ref() == header.leader.as_slice()) {
            return None;
        }
        header.instant = Instant::from_ms(header.instant.ms() + 1).ok()?;
        let twin = Block::new(header, block.acts().to_vec(), block.ceremony().cloned()).ok()?;
        self.known.lock().insert(block.digest(), twin.digest());
        Some(twin.encode())
    }

    /// What the second half is told late, once it is known whether a block has a twin: the vote for
    /// the twin, or else the vote itself. Nothing yet while `patient`, if that is not known.
    pub(super) fn late(&self, ballot: &Ballot, vote: &Bytes, patient: bool) -> Option<Said> {
        let vote = match self.twin_vote(ballot) {
            Ok(twin) => twin.unwrap_or_else(|| vote.clone()),
            Err(Unknown) if patient => return None,
            Err(Unknown) => vote.clone(),
        };
        Some((self.second.clone(), vote))
    }

    /// Whether a message is about a twin: the conspirators' own code hears of first blocks only.
    pub fn is_about_twin(&self, channel: u64, message: &[u8]) -> bool {
        [VOTES, CERTIFICATES].contains(&channel)
            && self.known.lock().values().any(|twin| is_in(twin, message))
    }

    /// Whether the second half is told of a vote late only.
    pub(super) fn is_early(&self, ballot: &Ballot) -> bool {
        self.twin_vote(ballot).is_err()
    }

    /// The vote for the twin of a block; none if it is not a vote for a block.
    fn twin_vote(&self, ballot: &Ballot) -> Result<Option<Bytes>, Unknown> {
        let Ballot { before, scheme, vote } = ballot;
        let twin = |payload: &BlockDigest| self.known.lock().get(payload).copied().ok_or(Unknown);
        let other = match vote {
            Vote::Notarize(Notarize { proposal, .. }) => {
                let payload = twin(&proposal.payload)?;
                let proposal = Proposal { payload, ..proposal.clone() };
                Notarize::sign(&**scheme, proposal).map(Vote::Notarize)
            }
            Vote::Finalize(Finalize { proposal, .. }) => {
                let payload = twin(&proposal.payload)?;
                let proposal = Proposal { payload, ..proposal.clone() };
                Finalize::sign(&**scheme, proposal).map(Vote::Finalize)
            }
            Vote::Nullify(_) => None,
        };
        Ok(other.map(|other| behind(before, &other)))
    }
}

fn is_in(digest: &BlockDigest, message: &[u8]) -> bool {
    message.windows(digest.0.len()).any(|part| part == digest.0)
}

/// It is not known whether a block has a twin.
struct Unknown;
