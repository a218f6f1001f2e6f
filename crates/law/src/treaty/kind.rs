//! The kinds of instruments and facts in the life of a treaty.

use core::fmt;

use serde::{Deserialize, Serialize};

/// How a participant expressed its consent to be bound (VCLT art. 11-15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentKind {
    /// VCLT art. 14.
    Ratification,
    /// VCLT art. 14(2).
    Acceptance,
    /// VCLT art. 14(2).
    Approval,
    /// VCLT art. 15.
    Accession,
    /// The ratification of an organization (VCLT-IO art. 14).
    FormalConfirmation,
    /// By other means agreed (VCLT art. 11).
    ConsentToBeBound,
    /// Acceptance by silence after signature, where the treaty provides it.
    SimplifiedProcedure,
    /// A signature that is itself consent (VCLT art. 12).
    DefinitiveSignature,
    /// A notice that domestic procedures are complete.
    NotificationOfCompletion,
    /// The source of a history does not say which.
    RatificationOrAccession,
    /// Consent inherited by a successor State.
    Succession,
    /// A successor State continues to apply the treaty.
    DeclarationOfContinuedApplication,
}

impl ConsentKind {
    /// Whether the consent reaches back to a date of succession.
    #[must_use]
    pub fn is_succession(self) -> bool {
        matches!(self, Self::Succession | Self::DeclarationOfContinuedApplication)
    }

    /// Whether the consent completes an earlier simple signature (VCLT art. 14).
    #[must_use]
    pub fn completes_a_signature(self) -> bool {
        matches!(self, Self::Ratification | Self::Acceptance | Self::Approval)
    }

    /// The kind as words, such as "formal confirmation".
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Ratification => "ratification",
            Self::Acceptance => "acceptance",
            Self::Approval => "approval",
            Self::Accession => "accession",
            Self::FormalConfirmation => "formal confirmation",
            Self::ConsentToBeBound => "consent to be bound",
            Self::SimplifiedProcedure => "simplified procedure",
            Self::DefinitiveSignature => "definitive signature",
            Self::NotificationOfCompletion => "notification of completion",
            Self::RatificationOrAccession => "ratification or accession",
            Self::Succession => "succession",
            Self::DeclarationOfContinuedApplication => "declaration of continued application",
        }
    }

    /// What stands between the kind and the treaty: "accession to", "ratification of".
    #[must_use]
    pub fn preposition(self) -> &'static str {
        match self {
            Self::Accession | Self::Succession => "to",
            Self::ConsentToBeBound => "by",
            _ => "of",
        }
    }

    /// The mark behind the date in a status table, by depositary convention: nothing for
    /// ratification, `a` accession, `A` acceptance, `AA` approval, `c` formal confirmation,
    /// `d` succession, `s` definitive signature, `n` notification, `P` simplified procedure.
    #[must_use]
    pub fn mark(self) -> &'static str {
        match self {
            Self::Ratification | Self::RatificationOrAccession | Self::ConsentToBeBound => "",
            Self::Acceptance => "A",
            Self::Approval => "AA",
            Self::Accession => "a",
            Self::FormalConfirmation => "c",
            Self::SimplifiedProcedure => "P",
            Self::DefinitiveSignature => "s",
            Self::NotificationOfCompletion => "n",
            Self::Succession | Self::DeclarationOfContinuedApplication => "d",
        }
    }
}

impl fmt::Display for ConsentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

/// What a transcribed fact of a history is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // the consent kinds are documented at `ConsentKind`
pub enum FactKind {
    Ratification,
    Acceptance,
    Approval,
    Accession,
    FormalConfirmation,
    ConsentToBeBound,
    SimplifiedProcedure,
    DefinitiveSignature,
    NotificationOfCompletion,
    RatificationOrAccession,
    Succession,
    DeclarationOfContinuedApplication,
    /// A simple signature (VCLT art. 12, 18).
    Signature,
    /// Without effect on dates.
    SuccessionToSignature,
    /// Voids a consent that has not taken effect.
    RatificationWithdrawal,
    /// Voids a consent that has not taken effect.
    InstrumentWithdrawnBeforeEffect,
    /// Notice of withdrawal (VCLT art. 54, 56, 67).
    WithdrawalNotification,
    /// Notice of denunciation: the same of a bilateral treaty.
    DenunciationNotification,
    /// Takes back a notice that has not taken effect (VCLT art. 68).
    WithdrawalRevocation,
    /// Leaves the end of a notice open.
    WithdrawalSuspension,
    /// Without effect on dates.
    ProvisionalApplication,
    /// Ends the duty of a signatory (VCLT art. 18(a)); without effect on dates.
    IntentionNotToBecomeParty,
    /// A claim of withdrawal that others dispute; without effect on dates.
    WithdrawalStatement,
    /// Marks the accession of the same day as objected to.
    AccessionWithObjections,
    /// Without effect on dates.
    SignatureOfAccessionTreaty,
    /// The date published for a participant of a treaty whose clauses are unknown.
    PublishedEntryIntoForce,
    /// The day from which a participant is published as no longer bound.
    PublishedEnd,
}

impl FactKind {
    /// The consent that the fact expresses, if it expresses one.
    #[must_use]
    pub fn consent(self) -> Option<ConsentKind> {
        Some(match self {
            Self::Ratification => ConsentKind::Ratification,
            Self::Acceptance => ConsentKind::Acceptance,
            Self::Approval => ConsentKind::Approval,
            Self::Accession => ConsentKind::Accession,
            Self::FormalConfirmation => ConsentKind::FormalConfirmation,
            Self::ConsentToBeBound => ConsentKind::ConsentToBeBound,
            Self::SimplifiedProcedure => ConsentKind::SimplifiedProcedure,
            Self::DefinitiveSignature => ConsentKind::DefinitiveSignature,
            Self::NotificationOfCompletion => ConsentKind::NotificationOfCompletion,
            Self::RatificationOrAccession => ConsentKind::RatificationOrAccession,
            Self::Succession => ConsentKind::Succession,
            Self::DeclarationOfContinuedApplication => {
                ConsentKind::DeclarationOfContinuedApplication
            }
            _ => return None,
        })
    }

    /// Whether facts of this kind must be entered in the order of their dates. A signature
    /// serves the conditions on signatories whatever its place in the order, and a published
    /// date or a communication moves no other date.
    #[must_use]
    pub fn is_ordered(self) -> bool {
        self.consent().is_some()
            || matches!(
                self,
                Self::RatificationWithdrawal
                    | Self::InstrumentWithdrawnBeforeEffect
                    | Self::WithdrawalNotification
                    | Self::DenunciationNotification
                    | Self::WithdrawalRevocation
                    | Self::WithdrawalSuspension
            )
    }

    /// The kind as words, such as "notice of withdrawal".
    #[must_use]
    pub fn words(self) -> &'static str {
        if let Some(consent) = self.consent() {
            return consent.words();
        }
        match self {
            Self::Signature => "signature",
            Self::SuccessionToSignature => "succession to signature",
            Self::RatificationWithdrawal => "withdrawal of the ratification",
            Self::InstrumentWithdrawnBeforeEffect => "withdrawal of the instrument before effect",
            Self::WithdrawalNotification => "notice of withdrawal",
            Self::DenunciationNotification => "notice of denunciation",
            Self::WithdrawalRevocation => "revocation of the withdrawal",
            Self::WithdrawalSuspension => "suspension of the withdrawal",
            Self::ProvisionalApplication => "provisional application",
            Self::IntentionNotToBecomeParty => "intention not to become a party",
            Self::WithdrawalStatement => "disputed statement of withdrawal",
            Self::AccessionWithObjections => "objections to the accession",
            Self::SignatureOfAccessionTreaty => "signature of a treaty of accession",
            Self::PublishedEntryIntoForce => "published entry into force",
            Self::PublishedEnd => "published end",
            _ => "consent to be bound",
        }
    }
}
