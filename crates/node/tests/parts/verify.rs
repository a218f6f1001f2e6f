use std::sync::Arc;

use pacta_law::{SignedAct, VerifiedAct};
use pacta_node::verify::verify_acts;

use crate::mempool::act;

fn bytes(count: u64) -> Vec<Arc<[u8]>> {
    (1..=count).map(|number| act((number % 5) as u8 + 1, number).shared_bytes()).collect()
}

/// The same act with one bit of its signature turned.
fn forged(act: &VerifiedAct) -> Arc<[u8]> {
    let act = act.signed();
    let mut signature = act.signature();
    signature.0[40] ^= 1;
    SignedAct::new(act.act(), act.public(), signature).unwrap().shared_bytes()
}

#[test]
fn a_bad_act_among_good_ones_is_found_and_no_other() {
    for count in [1, 3, 4, 64] {
        assert!(verify_acts(&bytes(count)).iter().all(Option::is_some), "{count}");
        for place in [0, count as usize / 2, count as usize - 1] {
            let mut acts = bytes(count);
            acts[place] = forged(&act(7, 9));
            let verified = verify_acts(&acts);
            let bad = verified.iter().enumerate().filter(|(_, act)| act.is_none());
            assert_eq!(bad.map(|(at, _)| at).collect::<Vec<_>>(), [place]);
            acts[place] = Arc::from(b"no act".as_slice());
            assert!(verify_acts(&acts)[place].is_none());
        }
    }
    assert!(verify_acts(&[]).is_empty());
}
