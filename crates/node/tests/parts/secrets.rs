use commonware_codec::Encode as _;
use commonware_consensus::types::Epoch;
use commonware_cryptography::{
    Signer as _, bls12381::primitives::group::Share, transcript::Summary,
};
use commonware_glue::dkg::SecretStore as _;
use commonware_math::algebra::Random as _;
use commonware_runtime::{
    Blob as _, ReadOptions, Runner as _, Storage as _, Supervisor as _, deterministic, tokio,
};
use commonware_utils::{TestRng, TryCollect as _, ordered::Set};
use pacta_node::{deal, secrets::Secrets, types::ValidatorSecret};

const PREFIX: &str = "test";

/// All bytes that are kept of secrets.
async fn on_disk(context: &deterministic::Context) -> Vec<Vec<u8>> {
    let partition = format!("{PREFIX}-secrets");
    let mut all = Vec::new();
    for name in context.scan(&partition).await.unwrap() {
        let (blob, size) = context.open(&partition, &name).await.unwrap();
        let bytes =
            blob.read_at(0, size.try_into().unwrap(), ReadOptions::DONT_CACHE).await.unwrap();
        all.push(bytes.coalesce().as_ref().to_vec());
    }
    all
}

/// The part of the name of a secret on disk that says which epoch it is of.
fn names(on_disk: &[Vec<u8>], epoch: u64) -> bool {
    let name = [&[1][..], &epoch.to_be_bytes()].concat();
    on_disk.iter().any(|bytes| bytes.windows(name.len()).any(|window| window == name))
}

#[test]
fn shares_of_earlier_epochs_are_erased_when_there_is_one_of_this() {
    deterministic::Runner::default().start(|context| async move {
        let secrets: Vec<_> = (0..4).map(ValidatorSecret::from_seed).collect();
        let keys: Set<_> = secrets.iter().map(ValidatorSecret::public_key).try_collect().unwrap();
        let dealt = deal(TestRng::new(7), keys.iter().cloned()).unwrap();
        let me = secrets[0].public_key();
        let share: Share = dealt.shares[&me].share_of(&me, &keys).unwrap();
        let open =
            async |label| Secrets::open(context.child(label), PREFIX, &secrets[0]).await.unwrap();

        let mut kept = open("first").await;
        assert!(kept.is_empty().await);
        for epoch in [6, 7] {
            kept.put_share(Epoch::new(epoch), share.clone()).await;
            kept.put_seed(Epoch::new(epoch), Summary::random(TestRng::new(epoch))).await;
        }
        kept.begin_no_earlier(Epoch::new(8)).await;
        assert!(kept.get_share(Epoch::new(6)).await.is_some(), "one may have to be carried on");
        drop(kept);
        assert!(names(&on_disk(&context).await, 6));
        let kept = open("second").await;
        kept.begin_no_earlier(Epoch::new(7)).await;
        drop(kept);

        let mut kept = open("third").await;
        assert!(kept.get_share(Epoch::new(6)).await.is_none());
        assert!(kept.get_seed(Epoch::new(6)).await.is_none());
        let found = kept.get_share(Epoch::new(7)).await.unwrap();
        assert_eq!(found.encode(), share.encode());
        drop(kept);
        let left = on_disk(&context).await;
        assert!(names(&left, 7) && !names(&left, 6), "both copies are overwritten");
    });
}

#[test]
fn whoever_gives_up_waiting_for_a_secret_to_be_kept_does_not_lose_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let config = tokio::Config::new().with_storage_directory(folder.path());
    let me = ValidatorSecret::from_seed(0);
    let open = async |context| Secrets::open(context, PREFIX, &me).await.unwrap();
    tokio::Runner::new(config.clone()).start(|context| async move {
        let seed = |number: u64| Summary::random(TestRng::new(number));
        let mut kept = open(context).await;
        kept.put_seed(Epoch::new(6), seed(6)).await;
        {
            let given_up = std::pin::pin!(kept.put_seed(Epoch::new(7), seed(7)));
            let _ = futures::poll!(given_up); // the disk is slower than that
        }
        kept.put_seed(Epoch::new(8), seed(8)).await;
        for number in [6, 7, 8] {
            let found = kept.get_seed(Epoch::new(number)).await.unwrap();
            assert_eq!(found.encode(), seed(number).encode());
        }
        {
            let given_up = std::pin::pin!(kept.prune(Epoch::new(8)));
            let _ = futures::poll!(given_up);
        }
        assert!(kept.get_seed(Epoch::new(7)).await.is_none());
    });
    tokio::Runner::new(config).start(|context| async move {
        assert!(open(context).await.get_seed(Epoch::new(8)).await.is_some());
    });
}
