//! Acts: what an actor does, the sentence that it signs, and the signature.

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Deref;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::actor::end_mandate::EndMandate;
use crate::actor::grant_full_powers::GrantFullPowers;
use crate::actor::grant_office::GrantOffice;
use crate::actor::register_actor::RegisterActor;
use crate::actor::register_key::RegisterKey;
use crate::actor::revoke_key::RevokeKey;
use crate::actor::{Purpose, verifies};
use crate::date::Instant;
use crate::ids::{ActId, ActorId, Digest, KeyId, MandateId, NetworkId, PublicKey, Signature};
use crate::json;
use crate::limits::{ACT_BYTES_MAX, SAYS_BYTES_MAX};
use crate::network::consent_to_validator_change::ConsentToValidatorChange;
use crate::network::leave_validators::LeaveValidators;
use crate::network::propose_validator_change::ProposeValidatorChange;
use crate::network::replace_validator_key::ReplaceValidatorKey;
use crate::network::report_ready::ReportReady;
use crate::network::withdraw_validator_change::WithdrawValidatorChange;
use crate::refusal::Refusal;
use crate::treaty::adopt::Adopt;
use crate::treaty::authenticate::Authenticate;
use crate::treaty::deposit::Deposit;
use crate::treaty::draft_treaty::DraftTreaty;
use crate::treaty::revoke_withdrawal::RevokeWithdrawal;
use crate::treaty::sign::Sign;
use crate::treaty::transcribe::Transcribe;
use crate::treaty::transcribe_treaty::TranscribeTreaty;
use crate::treaty::withdraw::Withdraw;
use crate::treaty::withdraw_instrument::WithdrawInstrument;

/// What precedes an act's canonical JSON in the message that is signed.
pub const ACT_DOMAIN: &[u8] = b"pacta/act/v1\n";
/// The one signature algorithm: Ed25519 (RFC 8032), verified by the rules of ZIP 215.
pub const ED25519: &str = "ed25519";

/// Declares what an act can do: the name of the kind, and the type of its members.
macro_rules! kinds {
    ($($name:literal $variant:ident;)*) => {
        /// What an act does: its kind and the members of that kind.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
        #[serde(untagged)]
        #[allow(missing_docs)] // each is documented at its type
        pub enum Data {
            $($variant($variant),)*
        }

        impl Data {
            /// Every kind, in the order of the code.
            pub const KINDS: &'static [&'static str] = &[$($name,)*];

            /// The name of the kind.
            #[must_use]
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$variant(_) => $name,)* }
            }

            fn read(kind: &str, data: &RawValue) -> Result<Self, Refusal> {
                match kind {
                    $($name => json::typed(data.get().as_bytes()).map(Self::$variant),)*
                    _ => Err(Refusal::UnknownKind { kind: kind.into() }),
                }
            }
        }
    };
}

kinds! {
    "register_actor" RegisterActor;
    "register_key" RegisterKey;
    "revoke_key" RevokeKey;
    "grant_office" GrantOffice;
    "grant_full_powers" GrantFullPowers;
    "end_mandate" EndMandate;
    "draft_treaty" DraftTreaty;
    "adopt" Adopt;
    "authenticate" Authenticate;
    "sign" Sign;
    "deposit" Deposit;
    "withdraw" Withdraw;
    "revoke_withdrawal" RevokeWithdrawal;
    "withdraw_instrument" WithdrawInstrument;
    "transcribe_treaty" TranscribeTreaty;
    "transcribe" Transcribe;
    "propose_validator_change" ProposeValidatorChange;
    "consent_to_validator_change" ConsentToValidatorChange;
    "withdraw_validator_change" WithdrawValidatorChange;
    "replace_validator_key" ReplaceValidatorKey;
    "leave_validators" LeaveValidators;
    "report_ready" ReportReady;
}

impl Data {
    /// The purpose for which the key that signs it must be registered.
    #[must_use]
    pub fn purpose(&self) -> Purpose {
        match self {
            Self::ReportReady(_) => Purpose::NodeVote,
            _ => Purpose::SignAct,
        }
    }
}

/// What an actor does. Every member is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// On whose behalf.
    pub actor: ActorId,
    /// What is done.
    pub data: Data,
    /// The first instant from which no block may hold the act.
    pub expires: Instant,
    /// The key that signs.
    pub key: KeyId,
    /// The mandate by which the key acts, where one is needed.
    pub mandate: Option<MandateId>,
    /// The network for which the act is meant.
    pub network: NetworkId,
    /// The sentence that the author sees and signs; the law computes it again.
    pub says: String,
    /// Number among the acts of this key, from 1 and without gaps.
    pub sequence: u64,
}

#[derive(Serialize)]
struct Written<'a> {
    actor: ActorId,
    data: &'a Data,
    expires: Instant,
    key: KeyId,
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mandate: Option<MandateId>,
    network: NetworkId,
    says: &'a str,
    sequence: u64,
    v: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read<'a> {
    actor: ActorId,
    #[serde(borrow)]
    data: &'a RawValue,
    expires: u64,
    key: KeyId,
    kind: String,
    mandate: Option<MandateId>,
    network: NetworkId,
    says: String,
    sequence: u64,
    v: u64,
}

impl Act {
    /// The canonical JSON of the act.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        json::to_bytes(&Written {
            actor: self.actor,
            data: &self.data,
            expires: self.expires,
            key: self.key,
            kind: self.data.kind(),
            mandate: self.mandate,
            network: self.network,
            says: &self.says,
            sequence: self.sequence,
            v: 1,
        })
    }

    /// Reads an act from canonical JSON.
    ///
    /// # Errors
    /// Those of [`json::check`], [`Refusal::BadMember`], [`Refusal::UnknownVersion`],
    /// [`Refusal::UnknownKind`], [`Refusal::TooLong`] or [`Refusal::DateOutOfRange`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Refusal> {
        json::check(bytes)?;
        Self::read(bytes)
    }

    /// The message that is signed: [`ACT_DOMAIN`], then the canonical JSON.
    #[must_use]
    pub fn message(&self) -> Vec<u8> {
        act_message(self)
    }

    /// The id: the digest of the message.
    #[must_use]
    pub fn id(&self) -> ActId {
        ActId(Digest::of(&[ACT_DOMAIN, &self.to_bytes()]).0)
    }

    fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        #[derive(Deserialize)]
        struct Version {
            v: u64,
        }
        let read: Read<'_> = match json::typed(bytes) {
            Ok(read) => read,
            // A later form may have other members: say that first.
            Err(refusal) => match json::typed::<Version>(bytes) {
                Ok(Version { v }) if v != 1 => return Err(Refusal::UnknownVersion { version: v }),
                _ => return Err(refusal),
            },
        };
        if read.v != 1 {
            return Err(Refusal::UnknownVersion { version: read.v });
        }
        if read.says.len() > SAYS_BYTES_MAX {
            return Err(json::too_long("the sentence", SAYS_BYTES_MAX));
        }
        let act = Self {
            actor: read.actor,
            data: Data::read(&read.kind, read.data)?,
            expires: Instant::from_ms(read.expires)?,
            key: read.key,
            mandate: read.mandate,
            network: read.network,
            says: read.says,
            sequence: read.sequence,
        };
        json::require_form(&act.to_bytes(), bytes)?;
        Ok(act)
    }
}

/// The message that is signed for an act: [`ACT_DOMAIN`], then its canonical JSON.
#[must_use]
pub fn act_message(act: &Act) -> Vec<u8> {
    let mut message = ACT_DOMAIN.to_vec();
    message.extend(act.to_bytes());
    message
}

/// An act with its signature, as it is submitted, kept in blocks and carried by receipts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedAct {
    act: Act,
    bytes: Arc<[u8]>,
    id: ActId,
    public: PublicKey,
    signature: Signature,
}

#[derive(Serialize)]
struct WrittenSigned<'a> {
    act: &'a RawValue,
    algorithm: &'a str,
    public: PublicKey,
    signature: Signature,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadSigned<'a> {
    #[serde(borrow)]
    act: &'a RawValue,
    algorithm: String,
    public: PublicKey,
    signature: Signature,
}

impl SignedAct {
    /// Joins an act and its signature. The signature is not verified: see [`Self::verify`].
    ///
    /// # Errors
    /// [`Refusal::TooLong`] above [`ACT_BYTES_MAX`], and those of [`Self::decode`] if the act's own
    /// text is such as the law refuses.
    pub fn new(act: &Act, public: PublicKey, signature: Signature) -> Result<Self, Refusal> {
        let act = String::from_utf8(act.to_bytes())
            .ok()
            .and_then(|act| RawValue::from_string(act).ok())
            .ok_or_else(|| Refusal::BadMember { problem: "the act is no JSON".to_string() })?;
        let signed = WrittenSigned { act: &act, algorithm: ED25519, public, signature };
        // Not `json::to_bytes`: the members are in order, and the act is written already.
        let bytes = serde_json::to_vec(&signed)
            .map_err(|error| Refusal::BadMember { problem: error.to_string() })?;
        Self::decode(&bytes)
    }

    /// Signs an act: `sign` is given the message and returns its signature by `public`.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn sign_with(
        act: &Act,
        public: PublicKey,
        sign: impl FnOnce(&[u8]) -> Signature,
    ) -> Result<Self, Refusal> {
        let signature = sign(&act_message(act));
        Self::new(act, public, signature)
    }

    /// Reads a signed act from canonical JSON.
    ///
    /// # Errors
    /// [`Refusal::TooLong`] above [`ACT_BYTES_MAX`], those of [`Act::from_bytes`],
    /// [`Refusal::UnknownAlgorithm`] or [`Refusal::KeyDiffers`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        if bytes.len() > ACT_BYTES_MAX {
            return Err(json::too_long("an act", ACT_BYTES_MAX));
        }
        json::check(bytes)?;
        let ReadSigned { act, algorithm, public, signature } = json::typed(bytes)?;
        if algorithm != ED25519 {
            return Err(Refusal::UnknownAlgorithm);
        }
        // The library also reads members from an array, in their order.
        if !bytes.starts_with(b"{") {
            return Err(Refusal::BadMember { problem: "a signed act is an object".to_string() });
        }
        let canonical = act.get().as_bytes();
        let id = ActId(Digest::of(&[ACT_DOMAIN, canonical]).0);
        let act = Act::read(canonical)?;
        if KeyId::of(&public) != act.key {
            return Err(Refusal::KeyDiffers);
        }
        Ok(Self { act, bytes: bytes.into(), id, public, signature })
    }

    /// Verifies the signature, once for all.
    ///
    /// # Errors
    /// [`Refusal::BadSignature`].
    pub fn verify(self) -> Result<VerifiedAct, Refusal> {
        let message = self.message();
        if verifies(&self.public, &self.signature, &message) {
            Ok(VerifiedAct(self))
        } else {
            Err(Refusal::BadSignature)
        }
    }

    /// The message that is signed.
    #[must_use]
    pub fn message(&self) -> Vec<u8> {
        const BEFORE: usize = br#"{"act":"#.len();
        let after = br#","algorithm":"ed25519","public":"","signature":""}"#.len() + 64 + 128;
        let canonical = &self.bytes[BEFORE..self.bytes.len() - after];
        [ACT_DOMAIN, canonical].concat()
    }

    /// The act.
    #[must_use]
    pub fn act(&self) -> &Act {
        &self.act
    }

    /// The canonical JSON of the signed act.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The same bytes, shared.
    #[must_use]
    pub fn shared_bytes(&self) -> Arc<[u8]> {
        self.bytes.clone()
    }

    /// The act's id.
    #[must_use]
    pub fn id(&self) -> ActId {
        self.id
    }

    /// The key that signed.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.public
    }

    /// The signature.
    #[must_use]
    pub fn signature(&self) -> Signature {
        self.signature
    }
}

/// A signed act whose signature was found good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedAct(SignedAct);

impl VerifiedAct {
    /// Takes a signature for good without verifying it: for acts of blocks that were verified
    /// before they were stored, and for a replay that signs nothing.
    #[must_use]
    pub fn assume_verified(act: SignedAct) -> Self {
        Self(act)
    }

    /// The signed act.
    #[must_use]
    pub fn signed(&self) -> &SignedAct {
        &self.0
    }
}

impl Deref for VerifiedAct {
    type Target = SignedAct;

    fn deref(&self) -> &SignedAct {
        &self.0
    }
}
