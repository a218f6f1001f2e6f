//! What verification of a receipt, of an admission, or of evidence, finds.

use core::fmt;

use pacta_law::{Instant, NetworkId, PublicKey, Refusal};

/// What verification found. A receipt that is genuine proves what *was so* at a height, never
/// what *is so* now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every part was checked, and fits.
    Genuine(Proven),
    /// A part does not fit: the receipt proves nothing.
    NotGenuine(Defect),
    /// The receipt is of a form that this verifier does not know.
    CannotTell(Unknown),
}

/// What a genuine receipt proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// The network. Compare it with the one that its founders published.
    pub network: NetworkId,
    /// Height of the block after which it was so; none of misconduct.
    pub height: Option<u64>,
    /// Instant of that block.
    pub instant: Option<Instant>,
    /// What was so, as a sentence without a full stop.
    pub sentence: String,
}

impl fmt::Display for Proven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

/// Declares reasons: stable name, variant, sentence.
macro_rules! reasons {
    ($(#[$doc:meta])* $type:ident:
        $($name:literal $variant:ident $(($field:ty))? $sentence:literal;)*) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
        pub enum $type {
            $(#[doc = $sentence] #[error($sentence)] $variant $(($field))?,)*
        }

        impl $type {
            /// The name for programs; it never changes, and all verifiers give the same.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $name,)* }
            }
        }
    };
}

reasons! {
    /// Why a receipt is not genuine. The sentence says what to do.
    Defect:
    "not_canonical" NotCanonical(Refusal)
        "the text is not that of a receipt ({0}); obtain the file again, unchanged";
    "bad_form" BadForm(String)
        "a member is missing, unknown or of the wrong kind ({0}); obtain the receipt again";
    "other_network" OtherNetwork(NetworkId)
        "it is of the network {0}, not of the one you gave; check which one you mean";
    "header_differs" HeaderDiffers
        "the members of the header are not those of its bytes; obtain the receipt again";
    "other_scheme" OtherScheme
        "the certificate is not of the scheme of the founding; obtain the receipt again";
    "other_header" OtherHeader
        "the certificate is of another header; obtain the receipt again";
    "other_round" OtherRound
        "the certificate is of another round than the header; obtain the receipt again";
    "bad_certificate" BadCertificate
        "the network did not sign this certificate; obtain the receipt from another node";
    "act_of_other_network" ActOfOtherNetwork
        "the act was signed for another network; obtain the receipt again";
    "act_of_other_key" ActOfOtherKey
        "the act names another key than the one it was signed with; obtain the receipt again";
    "bad_act_signature" BadActSignature
        "the signature does not fit the act; obtain the receipt again";
    "outcome_of_other_act" OutcomeOfOtherAct
        "the outcome is not that of the act; obtain the receipt again";
    "outcome_of_other_block" OutcomeOfOtherBlock
        "the outcome is not from the header's block or one before it; obtain the receipt again";
    "bad_journal_proof" BadJournalProof
        "the outcome is not in the journal of the header; obtain the receipt again";
    "bad_ledger_proof" BadLedgerProof
        "the ledger of the header does not say this of the path; obtain the receipt again";
    "no_validator" NoValidator
        "the accused is no validator of this network; such evidence convicts nobody";
    "bad_vote" BadVote
        "the accused did not sign one of the votes; such evidence convicts nobody";
    "no_contradiction" NoContradiction
        "the votes do not contradict each other; such evidence convicts nobody";
    "bad_admission" BadAdmission
        "the node did not sign this; such an admission binds nobody";
}

reasons! {
    /// Why one cannot tell. The sentence says what to do.
    Unknown:
    "unknown_receipt_version" ReceiptVersion(u64)
        "receipts of form {0} are not known here; use a later verifier";
    "unknown_evidence_version" EvidenceVersion(u64)
        "evidence of form {0} is not known here; use a later verifier";
    "unknown_admission_version" AdmissionVersion(u64)
        "admissions of form {0} are not known here; use a later verifier";
    "unknown_node" Node(PublicKey)
        "{0} signed this but is no validator of the founding; ask whether it joined later";
    "unknown_founding_version" FoundingVersion(u64)
        "foundings of form {0} are not known here; use a later verifier";
    "unknown_scheme" Scheme(String)
        "certificates of the scheme {0} are not known here; use a later verifier";
    "unknown_act_version" ActVersion(u64)
        "acts of form {0} are not known here; use a later verifier";
    "unknown_algorithm" Algorithm(String)
        "signatures of the algorithm {0} are not known here; use a later verifier";
    "unknown_outcome_version" OutcomeVersion(u64)
        "outcomes of form {0} are not known here; use a later verifier";
}

/// Why a receipt, or a part of it, is not found genuine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub enum Doubt {
    /// It is not genuine.
    NotGenuine(#[from] Defect),
    /// One cannot tell.
    CannotTell(#[from] Unknown),
}

impl Doubt {
    /// The name of the reason, for programs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::NotGenuine(defect) => defect.name(),
            Self::CannotTell(unknown) => unknown.name(),
        }
    }
}

impl From<Doubt> for Verdict {
    fn from(doubt: Doubt) -> Self {
        match doubt {
            Doubt::NotGenuine(defect) => Self::NotGenuine(defect),
            Doubt::CannotTell(unknown) => Self::CannotTell(unknown),
        }
    }
}
