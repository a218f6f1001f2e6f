use commonware_consensus::types::Epoch;
use commonware_cryptography::{Signer as _, certificate::Provider as _};
use commonware_glue::dkg::{Registrar as _, types::SchemeInfo};
use commonware_runtime::{Runner as _, deterministic};
use commonware_utils::{TestRng, TryCollect as _};
use pacta_node::{
    committees::Committees,
    deal,
    types::ValidatorSecret,
    voting::{Marks, Voting},
};

#[test]
fn certificates_of_epochs_that_have_not_begun_here_are_not_checked_by_the_network_key() {
    deterministic::Runner::default().start(|_| async move {
        let secrets: Vec<_> = (0..4).map(ValidatorSecret::from_seed).collect();
        let keys: Vec<_> = secrets.iter().map(ValidatorSecret::public_key).collect();
        let dealt = deal(TestRng::new(7), keys.clone()).unwrap();
        let sharing = dealt.shares[&keys[0]].output().public().clone();
        let voting = Voting::new(Marks::default());
        let committees =
            Committees::new(b"test".to_vec(), *sharing.public(), secrets[0].clone(), voting);
        let is_checked = |epoch| committees.scoped(Epoch::new(epoch)).is_some();
        assert!(!is_checked(0), "nothing is known yet");
        for epoch in [7, 8] {
            let participants = keys.iter().cloned().try_collect().unwrap();
            let info = SchemeInfo::Verifier { participants, sharing: sharing.clone() };
            committees.register(Epoch::new(epoch), info).await;
            assert!(committees.scheme(Epoch::new(epoch)).is_some(), "its list is checked");
            assert!(!is_checked(epoch + 1), "whoever kept old shares could have signed it");
            assert!(!is_checked(epoch + 1_000));
        }
        assert!(is_checked(0) && committees.scheme(Epoch::zero()).is_none());
    });
}
