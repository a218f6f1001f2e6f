//! Validators and proposed changes, as the API and the page of the network tell them.

use pacta_law::network::ValidatorChange;
use pacta_law::network::consent_to_validator_change::ConsentToValidatorChange;
use pacta_law::network::propose_validator_change::ProposeValidatorChange;
use pacta_law::{ActId, Data};
use serde_json::json;

use crate::support::World;

fn consent(change: ActId) -> Data {
    Data::ConsentToValidatorChange(ConsentToValidatorChange { change })
}

#[tokio::test]
async fn a_proposal_is_listed_until_all_consent_and_then_the_seat_is_lost() {
    let world = World::start().await;
    let change = ValidatorChange::Remove { actor: world.states[4].actor };
    let propose = Data::ProposeValidatorChange(ProposeValidatorChange { change });
    let id = world.act(0, propose).await;
    world.act(1, consent(id)).await;

    let (status, answer) = world.json("/api/v1/validators").await;
    assert_eq!((status, answer["epoch"].as_u64()), (200, Some(0)), "{answer}");
    let all = answer["validators"].as_array().expect("a list");
    assert_eq!(all.len(), 5);
    assert!(all.iter().all(|seat| seat["wanted"] == true && seat["signs"] == true), "{answer}");
    let proposal = &answer["changes"][0];
    assert_eq!(proposal["id"], id.to_string());
    assert_eq!(proposal["change"]["remove"]["actor"], world.states[4].actor.to_string());
    let names = |places: [usize; 2]| -> Vec<String> {
        let mut ids = places.map(|place| world.states[place].actor.to_string()).to_vec();
        ids.sort();
        ids
    };
    let mut awaits: Vec<_> = proposal["awaits"].as_array().expect("a list").clone();
    awaits.sort_by_key(ToString::to_string);
    assert_eq!(json!(awaits), json!(names([2, 3])));
    let (_, page) = world.get("/").await;
    assert!(page.contains("proposes to remove"), "the proposal is on the page");

    for state in [2, 3] {
        world.act(state, consent(id)).await;
    }
    let (_, answer) = world.json("/api/v1/validators").await;
    assert_eq!(answer["changes"], json!([]));
    let all = answer["validators"].as_array().expect("a list");
    let leaving: Vec<_> = all.iter().filter(|seat| seat["wanted"] == false).collect();
    assert_eq!((all.len(), leaving.len()), (5, 1), "it signs until a committee takes over");
    assert_eq!(leaving[0]["actor"], world.states[4].actor.to_string());
    let (_, page) = world.get("/").await;
    assert!(page.contains("<td>leaves</td>"), "{page}");
    let (_, network) = world.json("/api/v1/network").await;
    assert_eq!(network["validators"].as_array().map(Vec::len), Some(4));
}
