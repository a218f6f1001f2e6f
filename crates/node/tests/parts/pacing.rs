use pacta_node::Pacing;

#[test]
fn a_leader_outlasts_the_heartbeat_on_a_slow_clock() {
    for pacing in [Pacing::operating(), Pacing::brisk()] {
        assert!(pacing.leader * pacing.idle_slowness() > pacing.heartbeat);
        assert!(pacing.certification > pacing.leader && pacing.skip > pacing.certification);
    }
    assert_eq!(Pacing::brisk().idle_slowness(), 1);
}
