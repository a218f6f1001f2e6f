use commonware_cryptography::Signer as _;
use commonware_utils::TestRng;
use commonware_utils::{TryCollect as _, ordered::Set};
use pacta_node::dealer::*;

use pacta_node::types::ValidatorSecret;

#[test]
fn a_share_file_gives_back_the_share_of_its_validator_only() {
    let keys: Vec<_> = (0..4).map(|seed| ValidatorSecret::from_seed(seed).public_key()).collect();
    let dealt = deal(TestRng::new(7), keys.clone()).unwrap();
    let committee: Set<_> = keys.iter().cloned().try_collect().unwrap();
    for (place, key) in (0..).zip(&keys) {
        let bytes = dealt.shares[key].encode();
        let share = NetworkShare::decode(&bytes).unwrap();
        assert_eq!(share.network_key(), dealt.network_key);
        assert_eq!(share.network_key().len(), 96);
        for other in 0..4 {
            let other_key = ValidatorSecret::from_seed(other).public_key();
            assert_eq!(share.share_of(&other_key, &committee).is_ok(), other == place);
        }
        assert!(NetworkShare::decode(&bytes[..bytes.len() - 1]).is_err());
    }
}
