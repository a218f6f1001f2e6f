use std::time::{Duration, SystemTime, UNIX_EPOCH};

use commonware_runtime::{
    Blob as _, Clock as _, ReadOptions, Runner as _, Spawner as _, Storage as _, Supervisor as _,
    WriteOptions,
    deterministic::{Context, Runner},
};
use pacta_sim::machine::{Disk, Hardware, Lie, Machine, Trouble, Wall};

const DAY: Duration = Duration::from_secs(86_400);

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

#[test]
fn a_clock_shows_its_offset_drifts_and_can_be_set_back() {
    let mut clock = Wall::new(at(1_000), -1_500, 100);
    assert_eq!(clock.at(at(1_000)), at(1_000) - Duration::from_millis(1_500));
    // 100 millionths of 10 000 s are 1 s.
    assert_eq!(clock.at(at(11_000)), at(11_000) - Duration::from_millis(500));
    clock.set(at(11_000), -2_000);
    assert!(clock.at(at(11_000)) < at(11_000) - Duration::from_millis(500));
    let slow = Wall::new(at(0), 0, -300);
    assert!(slow.real(DAY) > DAY && clock.real(DAY) < DAY);
    for clock in [clock, slow] {
        let woken = at(20_000) + clock.real(DAY);
        assert!(clock.at(woken).duration_since(clock.at(at(20_000))).unwrap() >= DAY);
    }
    let longest = slow.real(Duration::MAX);
    assert!(longest > 1_000 * DAY && longest < 100_000 * DAY);
}

fn machine(context: &Context, lie: Option<Lie>) -> (Machine, std::sync::Arc<Hardware>) {
    let clock = Wall::new(context.current(), 700, 0);
    let hardware = Hardware::new(0, clock, Disk::new(1, 0, lie));
    (Machine::new(context.child("machine"), hardware.clone()), hardware)
}

/// A kibibyte.
fn data() -> Vec<u8> {
    vec![7; 1_024]
}

#[test]
fn time_on_a_machine_is_that_of_its_clock_and_a_set_clock_prolongs_no_sleep() {
    Runner::default().start(|context| async move {
        let (machine, hardware) = machine(&context, None);
        let real = context.current();
        assert_eq!(machine.current(), real + Duration::from_millis(700));
        let sleep = machine.sleep_until(machine.current() + Duration::from_secs(5));
        hardware.set_clock(real, -60_000);
        sleep.await;
        let slept = context.current().duration_since(real).unwrap();
        assert!(slept >= Duration::from_secs(5) && slept < Duration::from_secs(6), "{slept:?}");
        let child = machine.child("child").spawn(|own| async move { own.current() });
        assert!(child.await.unwrap() < context.current() - Duration::from_secs(59));
    });
}

#[test]
fn a_full_disk_takes_what_fits_refuses_the_rest_and_serves_what_it_has() {
    Runner::default().start(|context| async move {
        let (machine, hardware) = machine(&context, None);
        let (file, _) = machine.open("files", b"one").await.unwrap();
        file.write_at(0, data(), WriteOptions::default()).await.unwrap();
        hardware.set_trouble(Some(Trouble::Full { left_bytes: 100 }));
        file.write_at(500, vec![8; 524], WriteOptions::default()).await.unwrap();
        let refused = file.write_at(1_024, data(), WriteOptions::default()).await;
        assert!(refused.unwrap_err().to_string().contains("storage space"));
        assert!(file.read_at(0, 1_124, ReadOptions::default()).await.is_ok());
        assert!(file.read_at(0, 1_125, ReadOptions::default()).await.is_err());
        assert!(file.resize(5_000).await.is_err());
        file.sync().await.unwrap();
        assert!(machine.open("files", b"two").await.is_err());
        drop(file);
        assert_eq!(machine.open("files", b"one").await.unwrap().1, 1_124);
        assert_eq!(hardware.harm().full, 3);
        hardware.set_trouble(None);
        assert!(machine.open("files", b"two").await.is_ok());
    });
}

#[test]
fn a_failing_disk_fails_now_and_then_and_a_sound_one_never() {
    Runner::default().start(|context| async move {
        let (machine, hardware) = machine(&context, None);
        let (file, _) = machine.open("files", b"one").await.unwrap();
        let mut failed = 0;
        for round in 0..400 {
            let trouble = Trouble::Failing { per_mille: 200 };
            hardware.set_trouble((round >= 200).then_some(trouble));
            let written = file.write_at(0, data(), WriteOptions::SYNC).await.is_err();
            let synced = file.start_sync().await.await.is_err();
            failed += u64::from(written) + u64::from(synced);
            assert!(round >= 200 || failed == 0);
        }
        assert!((40..=120).contains(&failed), "{failed}");
        assert_eq!(hardware.harm().failed, failed);
    });
}

#[test]
fn a_disk_that_forgets_says_that_it_keeps_and_one_that_misreads_turns_single_bits() {
    Runner::default().start(|context| async move {
        let (machine, hardware) = machine(&context, Some(Lie::Forgets));
        let mut lost = 0;
        for name in 0..60u8 {
            let (file, _) = machine.open("files", &[name]).await.unwrap();
            file.write_at(0, data(), WriteOptions::default()).await.unwrap();
            file.sync().await.unwrap();
            drop(file);
            lost += u64::from(machine.open("files", &[name]).await.unwrap().1 == 0);
        }
        assert!(lost > 5 && lost < 40, "{lost}");
        assert_eq!(hardware.harm().forgotten, lost);
    });
    Runner::default().start(|context| async move {
        let (machine, hardware) = machine(&context, Some(Lie::Misreads));
        let (file, _) = machine.open("files", b"one").await.unwrap();
        file.write_at(0, data(), WriteOptions::SYNC).await.unwrap();
        let mut wrong = 0;
        for _ in 0..2_000 {
            let read = file.read_at(0, 1_024, ReadOptions::default()).await.unwrap().coalesce();
            let turned: u32 = read.as_ref().iter().map(|byte| (byte ^ 7).count_ones()).sum();
            assert!(turned <= 1);
            wrong += u64::from(turned);
        }
        assert!(wrong > 0 && wrong < 100, "{wrong}");
        assert_eq!(hardware.harm().misread, wrong);
    });
}
