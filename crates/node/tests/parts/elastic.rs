use std::time::{Duration, SystemTime};

use commonware_runtime::{Clock as _, Runner as _, Spawner as _, Supervisor as _, deterministic};
use pacta_node::elastic::{Elastic, Pace, Speed};

#[test]
fn a_slow_clock_shows_less_and_a_fast_one_wakes_sleepers_sooner() {
    deterministic::Runner::default().start(|context| async move {
        let speed = Speed::new(context.child("clock"));
        let elastic = Elastic::new(context.child("elastic"), speed.clone());
        let began = elastic.current();
        let passed = |clock: &dyn Fn() -> SystemTime| clock().duration_since(began).unwrap();

        elastic.sleep(Duration::from_secs(1)).await;
        assert_eq!(passed(&|| context.current()).as_secs(), 1);

        speed.set(Pace::Slow(50));
        elastic.sleep(Duration::from_secs(1)).await;
        assert_eq!(passed(&|| context.current()).as_secs(), 51);
        assert_eq!(passed(&|| elastic.current()).as_secs(), 2);

        let deadline = elastic.current() + Duration::from_secs(3);
        let sleeper = elastic.child("sleeper").spawn(move |own| async move {
            own.sleep_until(deadline).await;
            own.current()
        });
        context.sleep(Duration::from_secs(50)).await;
        speed.set(Pace::Slow(1));
        assert!(sleeper.await.unwrap() >= deadline);
        assert_eq!(passed(&|| context.current()).as_secs(), 103);

        let sleeper = elastic.child("sleeper").spawn(|own| own.sleep(Duration::from_secs(7)));
        context.sleep(Duration::from_secs(3)).await;
        speed.set(Pace::Hasty(8));
        sleeper.await.unwrap();
        // Each step of the runtime takes a millisecond.
        let passed = passed(&|| context.current()).as_millis();
        assert!((106_500..106_510).contains(&passed), "4 s are half a second: {passed}");
    });
}
