//! Receipts: what became of an act, or what the ledger holds at a path, provable to anyone
//! offline. `docs/receipt-format.md` describes the form for other implementations.

mod act;
mod form;
mod header;
mod journal;
mod ledger;

pub(crate) use form::{know_founding, read, version};

use pacta_law::{Founding, Instant, NetworkId, Outcome, json};
use serde_json::value::RawValue;

use self::form::{Form, JournalForm, LedgerForm};
use crate::admission::{self, Admission};
use crate::certificate::FinalityCertificate;
use crate::evidence::{self, Evidence};
use crate::header::Header;
use crate::proof::{AbsenceProof, JournalProof, LedgerProof};
use crate::verdict::{Defect, Doubt, Proven, Verdict};

/// A receipt: a final header, and the proof that the journal or the ledger under it holds
/// something. Nothing in it is to be believed before [`Self::verify`].
#[derive(Clone, Debug)]
pub struct Receipt(Form);

/// What every receipt of a block has: the network, the block, and the proof that it is final.
#[derive(Clone, Debug)]
pub struct Final {
    /// The network.
    pub founding: Founding,
    /// The header of the block.
    pub header: Header,
    /// The proof that the block is final.
    pub certificate: FinalityCertificate,
}

/// Verifies the bytes of a receipt, of an admission, or of evidence of misconduct, and that it is
/// of the network that is expected, if one is.
#[must_use]
pub fn verify(bytes: &[u8], expected: Option<NetworkId>) -> Verdict {
    let (network, verdict) = match judge(bytes) {
        Ok(judged) => judged,
        Err(doubt) => return doubt.into(),
    };
    if expected.is_some_and(|expected| expected != network) {
        return Verdict::NotGenuine(Defect::OtherNetwork(network));
    }
    verdict
}

fn judge(bytes: &[u8]) -> Result<(NetworkId, Verdict), Doubt> {
    json::check(bytes).map_err(Defect::NotCanonical)?;
    match form::format(bytes).as_deref() {
        Some(evidence::FORMAT) => {
            let evidence = Evidence::decode(bytes)?;
            return Ok((evidence.network(), evidence.verify()));
        }
        Some(admission::FORMAT) => {
            let admission = Admission::decode(bytes)?;
            return Ok((admission.network(), admission.verify()));
        }
        _ => {}
    }
    let receipt = Receipt::decode(bytes)?;
    Ok((receipt.network(), receipt.verify()))
}

impl Receipt {
    /// The receipt of what became of an act, or of what fell due, from the journal under a header:
    /// that of the block itself, or of any later one. `act` is the signed act that the outcome
    /// names; `location` is the place of the outcome in the journal.
    ///
    /// # Errors
    /// [`Defect::BadForm`] when the act is no JSON.
    pub fn of_act(
        block: Final,
        act: Option<&[u8]>,
        outcome: &Outcome,
        location: u64,
        proof: JournalProof,
    ) -> Result<Self, Defect> {
        let (act, outcome) = (act.map(raw).transpose()?, raw(&outcome.to_bytes())?);
        let journal = JournalForm { act, location, outcome, proof };
        Ok(Self(Form::new(block, Some(journal), None)))
    }

    /// The receipt of the record at a path, in the ledger under a header.
    ///
    /// # Errors
    /// [`Defect::BadForm`] when the record is no JSON.
    pub fn of_record(
        block: Final,
        path: &str,
        record: &[u8],
        proof: LedgerProof,
    ) -> Result<Self, Defect> {
        let (absence, proof, record) = (None, Some(proof), Some(raw(record)?));
        let ledger = LedgerForm { absence, path: path.into(), proof, record };
        Ok(Self(Form::new(block, None, Some(ledger))))
    }

    /// The receipt that the ledger under a header holds nothing at a path.
    #[must_use]
    pub fn of_absence(block: Final, path: &str, proof: AbsenceProof) -> Self {
        let (absence, path) = (Some(proof), path.into());
        let ledger = LedgerForm { absence, path, proof: None, record: None };
        Self(Form::new(block, None, Some(ledger)))
    }

    /// Reads a receipt.
    ///
    /// # Errors
    /// [`Defect::NotCanonical`] or [`Defect::BadForm`]; of later forms, an
    /// [`Unknown`](crate::verdict::Unknown).
    pub fn decode(bytes: &[u8]) -> Result<Self, Doubt> {
        Form::decode(bytes).map(Self)
    }

    /// The bytes: canonical JSON.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        json::to_bytes(&self.0)
    }

    /// The network that it says it is of.
    #[must_use]
    pub fn network(&self) -> NetworkId {
        self.0.founding.network()
    }

    /// The path of the ledger that it is about; none of a receipt of an act.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        Some(&self.0.ledger.as_ref()?.path)
    }

    /// The canonical bytes of the record; none of a receipt of an act or of an absence.
    #[must_use]
    pub fn record(&self) -> Option<&[u8]> {
        let record = self.0.ledger.as_ref()?.record.as_ref()?;
        Some(record.get().as_bytes())
    }

    /// Verifies every part. Needs no network, no clock and no file.
    #[must_use]
    pub fn verify(&self) -> Verdict {
        self.prove().map_or_else(Verdict::from, Verdict::Genuine)
    }

    pub(crate) fn prove(&self) -> Result<Proven, Doubt> {
        let Form { certificate, founding, header, .. } = &self.0;
        let header = header.check()?;
        if certificate.payload != header.digest() {
            return Err(Defect::OtherHeader.into());
        }
        if !certificate.is_of_round(&header) {
            return Err(Defect::OtherRound.into());
        }
        certificate.verify(founding)?;
        let network = self.network();
        let what = match (&self.0.journal, &self.0.ledger) {
            (Some(journal), None) => journal::check(journal, &header, network)?,
            (None, Some(ledger)) => ledger::check(ledger, &header)?,
            _ => return Err(form::one_subject().into()),
        };
        let sentence = format!("{what}, on the network {}{}", founding.name, marks(founding));
        let (height, instant) = (Some(header.height), Some(header.instant));
        Ok(Proven { network, height, instant, sentence })
    }
}

/// What a reader must know of a network that rests on less than several independent validators.
fn marks(founding: &Founding) -> &'static str {
    match (founding.validators.len(), founding.dealer) {
        (1, true) => " (one validator alone, whose key a dealer made)",
        (1, false) => " (one validator alone)",
        (_, true) => " (whose key a dealer made)",
        (_, false) => "",
    }
}

/// The place of a block, as sentences name it.
pub(crate) fn at(height: u64, instant: Instant) -> String {
    format!("at height {height} ({instant})")
}

pub(crate) fn raw(bytes: &[u8]) -> Result<Box<RawValue>, Defect> {
    serde_json::from_slice(bytes).map_err(|error| Defect::BadForm(error.to_string()))
}
