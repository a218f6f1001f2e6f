//! Acts on the set of validators, and epochs that pass.

use pacta_law::actor::Key;
use pacta_law::actor::register_key::RegisterKey;
use pacta_law::network::consent_to_validator_change::ConsentToValidatorChange;
use pacta_law::network::leave_validators::LeaveValidators;
use pacta_law::network::propose_validator_change::ProposeValidatorChange;
use pacta_law::network::replace_validator_key::ReplaceValidatorKey;
use pacta_law::network::report_ready::ReportReady;
use pacta_law::network::withdraw_validator_change::WithdrawValidatorChange;
use pacta_law::network::{
    CHANGES_PATH, PendingChanges, VALIDATORS_PATH, ValidatorChange, Validators, must_report,
};
use pacta_law::{ActId, Ceremony, Data, KeyId, PublicKey, Purpose, Validator};

use super::acts::{compose_and_hand_in, possession, public, record};
use super::draw::Draw;
use super::world::{Hand, World};

/// Time between blocks while an epoch passes, in milliseconds.
const BLOCK_MS: u64 = 300;

/// Whether a key is that of a node.
pub fn is_node(world: &World, key: KeyId) -> bool {
    let key: Option<Key> = record(world, &Key::path(key));
    key.is_some_and(|key| key.purpose == Purpose::NodeVote)
}

/// Whether an act is on validators: what it reads depends on the epoch and on proposals.
pub fn concerns(data: &Data) -> bool {
    matches!(
        data,
        Data::ProposeValidatorChange(_)
            | Data::ConsentToValidatorChange(_)
            | Data::WithdrawValidatorChange(_)
            | Data::ReplaceValidatorKey(_)
            | Data::LeaveValidators(_)
            | Data::ReportReady(_)
    )
}

/// Some blocks, with reports of whoever has something to report or without, and with a ceremony
/// in which some were away, or that failed.
pub fn epoch(world: &mut World, draw: &mut Draw<'_>) {
    let wanted: Validators = record(world, VALIDATORS_PATH).unwrap();
    let keys: Vec<PublicKey> = wanted.validators.iter().map(|validator| validator.key).collect();
    let revealed = if draw.once_in(2) { draw.some(&keys) } else { Vec::new() };
    world.ceremony = Ceremony { succeeded: !draw.once_in(4), revealed };
    let reports = draw.once_in(2);
    for _ in 0..=draw.below(13) {
        for hand in world.hands.clone() {
            if reports && must_report(&world.ledger, &hand.public) == Ok(true) {
                let report = ReportReady { height: world.ledger.height() - 1 };
                compose_and_hand_in(world, hand, Data::ReportReady(report));
            }
        }
        world.next_block(BLOCK_MS);
    }
}

/// A proposal, and the consent of everybody or of some.
pub fn agree(world: &mut World, draw: &mut Draw<'_>) {
    let hands = world.hands[..5].to_vec();
    let proposer = draw.pick(&hands);
    let change = if draw.once_in(2) { offer(world, draw) } else { change(world, draw) };
    let data = Data::ProposeValidatorChange(ProposeValidatorChange { change });
    compose_and_hand_in(world, proposer, data);
    let Some(change) = pending(world).last().copied() else { return };
    let some = if draw.once_in(2) { draw.below(hands.len()) } else { hands.len() };
    for hand in &hands[..some] {
        let consent = ConsentToValidatorChange { change };
        compose_and_hand_in(world, *hand, Data::ConsentToValidatorChange(consent));
    }
    if draw.once_in(3) {
        let withdraw = WithdrawValidatorChange { change };
        let by = draw.pick(&hands);
        compose_and_hand_in(world, by, Data::WithdrawValidatorChange(withdraw));
    }
}

/// Somebody offers its node; it is to be admitted.
fn offer(world: &mut World, draw: &mut Draw<'_>) -> ValidatorChange {
    let newcomer = world.hands[if draw.once_in(2) { 4 } else { draw.below(5) }];
    let key = public(130 + draw.below(3) as u8);
    let purpose = Purpose::NodeVote;
    let possession = possession(draw, world, newcomer.actor, key, purpose);
    let register = RegisterKey { possession, public: key, purpose };
    compose_and_hand_in(world, newcomer, Data::RegisterKey(register));
    ValidatorChange::Admit(Validator { actor: newcomer.actor, address: address(draw), key })
}

/// A report of a node.
pub fn report(world: &World, draw: &mut Draw<'_>) -> Data {
    let height = world.ledger.height().saturating_sub(draw.below(20) as u64);
    Data::ReportReady(ReportReady { height })
}

/// One act on validators, of six kinds.
pub fn data(world: &World, kind: u8, draw: &mut Draw<'_>, hand: Hand) -> Data {
    let pending = pending(world);
    let some = if pending.is_empty() { ActId([9; 32]) } else { draw.pick(&pending) };
    match kind {
        0 => {
            let change = change(world, draw);
            Data::ProposeValidatorChange(ProposeValidatorChange { change })
        }
        1 => Data::ConsentToValidatorChange(ConsentToValidatorChange { change: some }),
        2 => Data::WithdrawValidatorChange(WithdrawValidatorChange { change: some }),
        3 => {
            let key = public(140 + draw.below(20) as u8);
            let possession = possession(draw, world, hand.actor, key, Purpose::NodeVote);
            let address = draw.once_in(2).then(|| address(draw));
            Data::ReplaceValidatorKey(ReplaceValidatorKey { address, key, possession })
        }
        4 => Data::LeaveValidators(LeaveValidators {}),
        _ => report(world, draw),
    }
}

fn change(world: &World, draw: &mut Draw<'_>) -> ValidatorChange {
    let actor = draw.pick(&world.actors);
    if draw.once_in(2) {
        return ValidatorChange::Remove { actor };
    }
    let key = draw.pick(&world.hands).public;
    ValidatorChange::Admit(Validator { actor, address: address(draw), key })
}

fn address(draw: &mut Draw<'_>) -> String {
    let good = ["node.example:7000", "10.0.0.1:1", "[::1]:65535"];
    draw.pick(&[good[0], good[1], good[2], "node.example", "Node:1", "a:0"]).into()
}

fn pending(world: &World) -> Vec<ActId> {
    let found: Option<PendingChanges> = record(world, CHANGES_PATH);
    found.map_or_else(Vec::new, |pending| pending.changes)
}
