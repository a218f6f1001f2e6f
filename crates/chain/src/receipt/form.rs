//! The members of a receipt, version 1.

use pacta_law::genesis::{FOUNDING_VERSION, SCHEME};
use pacta_law::{Founding, json};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Final;
use super::header::HeaderForm;
use crate::certificate::FinalityCertificate;
use crate::proof::{AbsenceProof, JournalProof, LedgerProof};
use crate::verdict::{Defect, Doubt, Unknown};

/// What every receipt says it is.
const FORMAT: &str = "pacta-receipt";

/// A receipt. It has either a journal part or a ledger part.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Form {
    pub certificate: FinalityCertificate,
    pub format: String,
    pub founding: Founding,
    pub header: HeaderForm,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journal: Option<JournalForm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger: Option<LedgerForm>,
    pub v: u64,
}

/// What became of something.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JournalForm {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Box<RawValue>>,
    pub location: u64,
    pub outcome: Box<RawValue>,
    pub proof: JournalProof,
}

/// What the ledger holds at a path: a record with its proof, or nothing with the proof of that.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LedgerForm {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absence: Option<AbsenceProof>,
    pub path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<LedgerProof>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Box<RawValue>>,
}

/// What is read first, since later forms may have other members.
#[derive(Deserialize)]
struct Versions {
    founding: FoundingVersion,
}

#[derive(Deserialize)]
struct FoundingVersion {
    scheme: String,
    v: u64,
}

#[derive(Deserialize)]
struct Version {
    v: u64,
}

impl Form {
    pub(super) fn new(
        block: Final,
        journal: Option<JournalForm>,
        ledger: Option<LedgerForm>,
    ) -> Self {
        let Final { founding, header, certificate } = block;
        let (format, header) = (FORMAT.into(), HeaderForm::of(&header));
        Self { certificate, format, founding, header, journal, ledger, v: 1 }
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Doubt> {
        json::check(bytes).map_err(Defect::NotCanonical)?;
        let v = version(bytes)?;
        if v != 1 {
            return Err(Unknown::ReceiptVersion(v).into());
        }
        know_founding(bytes)?;
        let form: Self = read(bytes)?;
        if !form.founding.is_of_its_form() {
            return Err(bad("the founding is not of its form").into());
        }
        if form.format != FORMAT {
            return Err(bad("the format is not pacta-receipt").into());
        }
        let halves = |ledger: &LedgerForm| {
            matches!(
                (&ledger.absence, &ledger.proof, &ledger.record),
                (Some(_), None, None) | (None, Some(_), Some(_))
            )
        };
        if form.journal.is_some() == form.ledger.is_some()
            || form.ledger.as_ref().is_some_and(|ledger| !halves(ledger))
        {
            return Err(one_subject().into());
        }
        // What is read must be all that was written: a member at its default is left out.
        if json::to_bytes(&form) != bytes {
            return Err(bad("a member stands for nothing").into());
        }
        Ok(form)
    }
}

/// Whether the founding in a file is of a form and a scheme that are known here.
pub(crate) fn know_founding(bytes: &[u8]) -> Result<(), Doubt> {
    let Versions { founding } = read(bytes)?;
    if !(1..=u64::from(FOUNDING_VERSION)).contains(&founding.v) {
        return Err(Unknown::FoundingVersion(founding.v).into());
    }
    if founding.scheme != SCHEME {
        return Err(Unknown::Scheme(founding.scheme).into());
    }
    Ok(())
}

/// What a file says it is.
pub(super) fn format(bytes: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Format {
        format: String,
    }
    read::<Format>(bytes).ok().map(|read| read.format)
}

/// The version of a form.
pub(crate) fn version(bytes: &[u8]) -> Result<u64, Defect> {
    read::<Version>(bytes).map(|version| version.v)
}

/// Reads what is canonical JSON already.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Defect> {
    serde_json::from_slice(bytes).map_err(|error| Defect::BadForm(error.to_string()))
}

pub(super) fn bad(problem: &str) -> Defect {
    Defect::BadForm(problem.into())
}

/// A receipt proves one thing.
pub(super) fn one_subject() -> Defect {
    bad("there must be either an outcome, a record or an absence")
}
